"""An audit of ``tfuq predict``: every number that it writes, computed again from what is stored.

The modules here read a run's files (``config.yaml``, ``environment.json``, the weights of its
members, its calibration) and the input image, and compute the prediction with plain operations in
double precision. They import nothing of tfuq; a test holds that. What they follow is DESIGN.md, §3
for what is drawn and §4 for what is computed.

========================  ==========================================================================
module                    question
========================  ==========================================================================
`stored`                  what do the files say?
`sampling`                which random numbers does a sample use?
`forward`                 what does a network put out, given its weights and its random numbers?
`grids`                   where does a value lie: scan, network, windows?
`measures`                what do the samples amount to?
`calibrated`              what does a calibration add?
`classification`, `segmentation`, `landmarks`   what does a task write of it?
========================  ==========================================================================
"""
