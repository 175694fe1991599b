"""The models of the assistant in a dialog: what there is, what each can do on this computer, and what it is used for."""
