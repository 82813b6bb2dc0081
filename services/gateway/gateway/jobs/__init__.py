"""What api and worker agree on about a job: what is asked for, what came out, what people are told, where files lie."""
