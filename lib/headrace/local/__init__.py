"""The laptop: real servers without Docker, a simulator, dataset readers, the demo."""
