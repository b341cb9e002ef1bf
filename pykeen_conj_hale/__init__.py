"""Conjugate parameter sharing and hardness-aware training for PyKEEN."""
