"""Changes of messages that wait together say what each of them said."""

from backend.events import MessagesChanged


def test_waiting_changes_of_one_room_name_the_messages_of_all():
    merged = MessagesChanged("r", 7, ("a", "b")).merged_into(MessagesChanged("r", 5, ("b", "c")))

    assert merged == MessagesChanged("r", 5, ("a", "b", "c"))


def test_a_change_of_anything_swallows_changes_of_single_messages():
    assert MessagesChanged("r", 3).merged_into(MessagesChanged("r", 9, ("a",))) == MessagesChanged("r", 3)
    assert MessagesChanged("r", 9, ("a",)).merged_into(MessagesChanged("r", 3)) == MessagesChanged("r", 3)


def test_too_many_messages_to_name_become_all_from_the_first_on():
    many = tuple(f"m{n}" for n in range(400))
    others = tuple(f"o{n}" for n in range(400))

    assert MessagesChanged("r", 1, many).merged_into(MessagesChanged("r", 400, others)) == MessagesChanged("r", 1)
