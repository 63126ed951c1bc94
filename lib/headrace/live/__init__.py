"""The live speed: the newest events of each person in the store, milliseconds after they are in events.clean."""
