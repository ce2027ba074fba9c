"""The console's dialogs: each asks for what one act needs and is typed by its result."""
