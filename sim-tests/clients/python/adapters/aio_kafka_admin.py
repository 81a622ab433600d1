def run(cluster):
    raise NotImplementedError
