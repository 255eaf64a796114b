"""What `bench/speed.py` is made of: material, environments, contenders, runs and the page."""
