"""The Keras networks behind the models: next-step networks and infilling networks."""
