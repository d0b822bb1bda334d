"""The second engine: losses that Numba compiles when they are called. Numba is imported on first use only."""
