namespace headroom { int placeholder = 0; }
