"""An exam hall on this machine for a person to try: ``exam-drill demo``, ``make demo``."""
