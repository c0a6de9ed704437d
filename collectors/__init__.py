"""The edge: reads what platforms and other tools give, and hands over tables."""
