"""The simulation lab: recorded traces played against policies in virtual time, scored side by side (design §7)."""
