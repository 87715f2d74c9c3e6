// Why names of Keras are absent. The first pattern that fits a name gives the reason.
export const absences = [
  { names: /^ConvLSTM/, reason: 'recurrent layers are not there yet' },
  {
    names: /^(MaxNumBoundingBoxes)$/,
    reason: 'bounding boxes are not there; images may come with segmentation masks',
  },
  {
    names:
      /^(AugMix|RandAugment|ContrastLimitedAdaptiveHistogramEqualization|RandomElasticTransform|RandomPerspective)$/,
    reason: 'not there; see RandomRotation, RandomShear, RandomColorJitter, Equalization',
  },
  { names: /^Pipeline$/, reason: 'see Sequential' },
  { names: /RNN|LSTM|GRU|Bidirectional/, reason: 'recurrent layers are not there yet' },
  { names: /Attention/, reason: 'attention is not there yet' },
  {
    names: /^(FlaxLayer|JaxLayer|TorchModuleWrapper|TFSMLayer)$/,
    reason: 'wraps a Python framework',
  },
  { names: /^OrbaxCheckpoint$/, reason: "writes a JAX library's format" },
  {
    names: /^(MelSpectrogram|STFTSpectrogram|STFT|STFTInitializer|stft)$/,
    reason: 'sound is not there yet',
  },
  { names: /^TextVectorization$/, reason: 'text is not there yet; see StringLookup' },
  { names: /^HashedCrossing$/, reason: 'not there yet; see Hashing' },
  { names: /^ReversibleEmbedding$/, reason: 'comes with attention' },
  {
    names: /^InputSpec$/,
    reason: 'layers check their inputs themselves, with errors that name them',
  },
  { names: /^OptimizerMap$/, reason: 'see MultiOptimizer' },
  { names: /^LossScaleOptimizer$/, reason: 'for float16, which is not there' },
];
