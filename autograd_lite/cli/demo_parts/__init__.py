"""The parts of ``autograd-lite demo``, one file each: a title, and ``show(files, quick=...)``."""
