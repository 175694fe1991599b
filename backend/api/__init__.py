"""How other processes of this user reach the running workstation."""
