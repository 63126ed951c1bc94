"""Trends: what is popular, clicked and rising now, counted from events.clean and published as small ranked lists."""
