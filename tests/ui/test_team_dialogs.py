"""Servers and accounts: joined, signed in to, seen as they stand, protected and left, each in its dialog and by keys."""

from dataclasses import replace

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from backend.chat.message import FileRow
from backend.errors import InvalidInput, Unavailable
from backend.settings import Settings
from backend.sync.server import Standing
from tests.fakes.chat_window import bench_of
from tests.fakes.dialogs import nameless, opened, walk
from tests.fakes.scripted_chat import LINK, PIN, SERVER
from tests.fakes.window import shown
from trii_desktop.charts.render import png_of
from trii_desktop.team.qr_picture import QUIET, qr_picture
from trii_desktop.team.words import pin_words

SECRET = "four words you made up"


def calls(hand, name):
    return [call for call in hand.team.calls if call[0] == name]


async def dialog_of(kind):
    await shown(lambda: opened(kind), f"a {kind}")
    return opened(kind)


def test_joining_shows_who_the_server_is_before_anything_is_given_to_it(qapp):
    async def tell(hand):
        await hand.call(hand.team.stand())
        QGuiApplication.clipboard().setText(f"  {LINK}\n")
        hand.team_actions.open_join()
        dialog = await dialog_of("JoinDialog")
        assert dialog.link.toPlainText() == LINK  # what was copied last is the link
        dialog.next.click()
        await shown(lambda: dialog.pages.currentIndex() == 1)
        assert (dialog.server.text(), dialog.pin.text()) == ("desk.example", f"Identity  {pin_words(PIN)}")
        assert "Meridian" in dialog.org.text()
        assert not calls(hand, "join")
        dialog.email.setText("mia@desk.example")
        dialog.name.setText("Mia Meyer")
        dialog.password.setText("short")
        assert not dialog.next.isEnabled()
        assert "12 letters" in dialog.said.text()
        dialog.password.setText(SECRET)
        dialog.again.setText("four cats")
        assert dialog.said.text() == "The passwords differ."
        dialog.again.setText(SECRET)
        QTest.keyClick(dialog.again, Qt.Key.Key_Return)
        await shown(lambda: calls(hand, "join") == [("join", LINK, "mia@desk.example", "Mia Meyer", SECRET)])
        await shown(lambda: not opened("JoinDialog"))
        await shown(lambda: hand.late.part.text() == "Meridian Desk: Live")
        await shown(hand.panel.rooms.isVisible)

    bench_of(tell)


def test_what_is_wrong_with_a_link_is_said_in_the_dialog(qapp):
    async def tell(hand):
        hand.team_actions.open_join()
        dialog = await dialog_of("JoinDialog")
        hand.team.why_not = InvalidInput("The server is not the one the link names.", hint="Ask for another link.")
        dialog.show_link("trii://join?server=x")
        await shown(lambda: dialog.said.text() == "The server is not the one the link names. Ask for another link.")
        assert dialog.said.property("role") == "error"
        assert dialog.pages.currentIndex() == 0
        assert dialog.next.isEnabled()
        dialog.reject()

    bench_of(tell)


def test_with_letters_twice_as_large_nothing_of_joining_is_squeezed_or_cut(qapp):
    async def tell(hand):
        hand.desk.look.wear(msgspec.structs.replace(Settings().appearance, font_scale=2.0))
        try:
            await hand.call(hand.team.stand())
            hand.team_actions.open_join()
            dialog = await dialog_of("JoinDialog")
            dialog.show_link(LINK)
            await shown(lambda: dialog.pages.currentIndex() == 1)
            dialog.resize(dialog.width(), 200)
            dialog.say("The server at desk.example cannot be reached: connection refused.", "error")

            def squeezed():
                fields = (dialog.email, dialog.name, dialog.password, dialog.again, dialog.next)
                words = (dialog.pin, dialog.said)
                small = [one.accessibleName() for one in fields if one.height() < one.sizeHint().height()]
                return small + [one.text() for one in words if one.height() < one.heightForWidth(one.width())]

            await shown(lambda: not squeezed(), "room for all of it")
            assert dialog.email.minimumHeight() > 2 * 18  # the style sheet sets it, and no layout makes it lower
            dialog.reject()
        finally:
            hand.desk.look.wear(Settings().appearance)

    bench_of(tell)


def test_an_account_that_is_there_signs_in_by_a_link_with_its_second_factor(qapp):
    async def tell(hand):
        hand.team.asks_code = True
        hand.late.deeds.open_join(LINK)
        dialog = await dialog_of("JoinDialog")
        await shown(lambda: dialog.pages.currentIndex() == 1)
        dialog.is_known.setChecked(True)
        assert not dialog.name.isVisible()
        dialog.email.setText("mia@desk.example")
        dialog.password.setText("old")
        dialog.next.click()
        await shown(lambda: dialog.pages.currentIndex() == 2)
        QTest.keyClicks(dialog.code, "123456")
        QTest.keyClick(dialog.code, Qt.Key.Key_Return)
        await shown(lambda: len(calls(hand, "sign_in")) == 2)
        assert calls(hand, "sign_in")[1] == ("sign_in", LINK, "mia@desk.example", "old", "123456", "t1")
        await shown(lambda: not opened("JoinDialog"))

    bench_of(tell)


def test_signing_in_again_knows_the_address_and_says_what_was_refused(qapp):
    async def tell(hand):
        await hand.call(hand.team.stand(replace(SERVER, standing=Standing.SIGNED_OUT)))
        hand.team_actions.open_sign_in()
        dialog = await dialog_of("SignInDialog")
        assert dialog.email.text() == "mia@desk.example"
        hand.team.why_not = InvalidInput("The password is wrong.")
        QTest.keyClicks(dialog.password, "nope")
        QTest.keyClick(dialog.password, Qt.Key.Key_Return)
        await shown(lambda: dialog.said.text() == "The password is wrong.")
        hand.team.why_not, hand.team.asks_code = None, True
        dialog.next.click()
        await shown(lambda: dialog.pages.currentIndex() == 1)
        QTest.keyClicks(dialog.code, "123456")
        dialog.next.click()
        await shown(lambda: not opened("SignInDialog") and hand.team.rows[0].standing is Standing.LIVE)

    bench_of(tell)


def test_servers_stand_as_they_are_and_go_offline_and_online(qapp):
    async def tell(hand):
        waits = replace(SERVER, id="s2", name="Old desk", standing=Standing.OFFLINE, n_waiting=3, why="The network is down.")
        await hand.call(hand.team.stand(SERVER, waits))
        await shown(lambda: hand.late.part.text() == "Old desk: Offline · 3 changes wait · 1 more")
        hand.late.part.click()
        dialog = await dialog_of("ServersDialog")
        assert [dialog.table.item(row, 2).text() for row in (0, 1)] == ["Live", "Offline · 3 changes wait"]
        dialog.table.setCurrentCell(1, 0)
        assert "The network is down." in dialog.about.text()
        dialog.table.setCurrentCell(0, 0)
        dialog.online_button.click()
        await shown(lambda: calls(hand, "go_online") == [("go_online", "s1", False)])
        hand.team.why_not = Unavailable("There is no connection.", hint="Try again later.")
        dialog.forget_button.click()
        ask = await dialog_of("AskYes")
        ask.yes_button.click()
        await shown(lambda: any("no connection" in entry.notice.text for entry in hand.desk.notices.entries))
        dialog.reject()

    bench_of(tell)


def test_forgetting_a_server_says_what_is_lost(qapp):
    async def tell(hand):
        await hand.call(hand.team.stand(replace(SERVER, n_waiting=2)))
        hand.late.deeds.ask_forget("s1")
        ask = await dialog_of("AskYes")
        assert "2 changes that were not sent yet are lost" in ask.accessibleName()
        assert hand.window.focusWidget() is not ask.yes_button
        ask.yes_button.click()
        await shown(lambda: not hand.team.rows and not hand.late.part.isVisible())
        await shown(lambda: hand.panel._pages.currentIndex() == 0)

    bench_of(tell)


def test_an_account_shows_its_devices_and_signs_another_one_out(qapp):
    async def tell(hand):
        hand.team_actions.open_account()
        dialog = await dialog_of("AccountDialog")
        await shown(lambda: dialog.table.rowCount() == 2)
        assert dialog.table.item(0, 0).text() == "This workstation · this one"
        assert not dialog.end.isEnabled()
        dialog.table.setCurrentCell(1, 0)
        dialog.end.click()
        await shown(lambda: calls(hand, "end_session") == [("end_session", "s1", "b")])
        dialog.show_page(1)
        for field, text in ((dialog.old, "old"), (dialog.new, SECRET), (dialog.again, SECRET)):
            field.setText(text)
        await shown(dialog.change.isEnabled)
        dialog.change.click()
        await shown(lambda: calls(hand, "change_password") == [("change_password", "s1", "old", SECRET)])
        await shown(lambda: not dialog.new.text() and dialog.said.text() == "The password was changed.")
        dialog.reject()

    bench_of(tell)


def test_a_second_factor_is_shown_once_confirmed_and_forgotten_by_the_dialog(qapp):
    async def tell(hand):
        hand.late.deeds.open_account("s1", 2)
        dialog = await dialog_of("AccountDialog")
        await shown(lambda: not dialog.is_asking)
        page = dialog.factor
        page.password.setText("old")
        page.begin.click()
        await shown(lambda: page.pages.currentIndex() == 1)
        assert page.secret.text() == "JBSW Y3DP EHPK 3PXP"
        assert "0009-abcd" in page.codes.text()
        assert not page.picture.pixmap().isNull()
        QTest.keyClicks(page.code, "123456")
        page.confirm.click()
        await shown(lambda: calls(hand, "confirm") == [("confirm", "s1", "123456")])
        await shown(lambda: page.pages.currentIndex() == 0)
        assert not page.secret.text()
        assert not page.codes.text()
        assert page.picture.pixmap().isNull()
        dialog.reject()

    bench_of(tell)


def test_signing_out_everywhere_and_wiping_asks_first(qapp):
    async def tell(hand):
        hand.late.deeds.open_account("s1", 3)
        dialog = await dialog_of("AccountDialog")
        await shown(lambda: not dialog.is_asking)
        dialog.everywhere.setChecked(True)
        dialog.wipe.setChecked(True)
        dialog.leave.click()
        ask = await dialog_of("AskYes")
        assert not calls(hand, "sign_out")
        ask.yes_button.click()
        await shown(lambda: calls(hand, "sign_out") == [("sign_out", "s1", True, True)])
        await shown(lambda: hand.late.part.text() == "Meridian Desk: Signed out")

    bench_of(tell)


def test_an_invitation_is_a_link_to_copy(qapp):
    async def tell(hand):
        hand.team_actions.open_invite()
        dialog = await dialog_of("InviteDialog")
        dialog.n_people.setValue(3)
        dialog.make.click()
        await shown(lambda: dialog.link.toPlainText() == LINK)
        assert calls(hand, "invite") == [("invite", "s1", "member", 3, 7)]
        dialog.copy.click()
        assert QGuiApplication.clipboard().text() == LINK
        dialog.reject()

    bench_of(tell)


def test_every_dialog_is_walked_by_tab_named_and_left_by_escape(qapp):
    async def tell(hand):
        await hand.begin()
        deeds = hand.late.deeds
        ways = {
            "JoinDialog": lambda: deeds.open_join(LINK),
            "SignInDialog": lambda: deeds.open_sign_in("s1"),
            "ServersDialog": deeds.open_servers,
            "AccountDialog": deeds.open_account,
            "InviteDialog": deeds.open_invite,
            "NewRoomDialog": lambda: hand.panel.open_new(1),
            "RoomDialog": hand.panel.open_details,
            "AskYes": lambda: deeds.ask_forget("s1"),
        }
        for kind, open_it in ways.items():
            open_it()
            dialog = await dialog_of(kind)
            await shown(lambda dialog=dialog: not getattr(dialog, "is_asking", False))
            dialog.activateWindow()
            await shown(dialog.isActiveWindow)
            assert dialog.windowTitle()
            assert not nameless(dialog), kind
            dialog.setFocus()
            assert not walk(dialog), kind
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
            await shown(lambda kind=kind: not opened(kind))

    bench_of(tell)


def test_a_picture_opens_in_a_window_of_its_own_and_leaves_by_escape(qapp):
    async def tell(hand):
        await hand.begin()
        image = QImage(64, 40, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.darkCyan)
        hand.chat.contents["q"] = png_of(image)
        hand.talk.files.open(FileRow("q", "a.png", "image/png", 100, is_here=True))
        dialog = await dialog_of("PictureDialog")
        assert not nameless(dialog)
        assert not walk(dialog)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        await shown(lambda: not opened("PictureDialog"))
        hand.chat.contents["evil"] = b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
        hand.talk.files.open(FileRow("evil", "a.png", "image/png", 100))
        await shown(lambda: any("cannot be shown as a picture" in e.notice.text for e in hand.desk.notices.entries))
        assert not opened("PictureDialog")

    bench_of(tell)


def test_a_qr_code_is_black_on_white_with_its_quiet_edge(qapp):
    image = qr_picture("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP", dot_px=3)
    assert image.width() == image.height()
    assert image.width() % 3 == 0
    edge = QUIET * 3
    assert {image.pixel(x, y) & 0xFFFFFF for x in range(image.width()) for y in range(edge)} == {0xFFFFFF}
    assert image.pixel(edge + 1, edge + 1) & 0xFFFFFF == 0
