"""What is alike: a vector for each definition, kept between runs, searched exactly."""
