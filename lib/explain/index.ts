export {
  type ClassOptions,
  type GradCamOptions,
  gradCam,
  type IntegratedGradientsOptions,
  integratedGradients,
  type SaliencyOptions,
  saliency,
} from './attribution.js';
export type { ColorMap } from './colors.js';
export { featureMaps, filters } from './features.js';
export {
  type GridOptions,
  type HeatmapOptions,
  heatmap,
  imageGrid,
  overlay,
  toPNG,
  toSVG,
} from './pictures.js';
