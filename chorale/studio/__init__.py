"""What does a musician see, hear and change in the browser?"""
