// Muon: matrices move along the orthogonal matrix next to their momentum; all else is left to Adam.
import type { Variable } from '../graph/variable.js';
import { add, divide, multiply, sqrt, square } from '../ops/elementwise.js';
import { matmul } from '../ops/gemm.js';
import { transpose } from '../ops/movement.js';
import { sum } from '../ops/reduce.js';
import type { WeightDecay } from '../ops/update.js';
import { adamUpdate } from '../ops/update-adam.js';
import type { Tensor } from '../tensor/tensor.js';
import { snakeKeys } from '../util/registry.js';
import { checkOptions } from '../util/suggest.js';
import { FusedOptimizer, type Targets } from './fused.js';
import { optimizers } from './optimizer.js';
import {
  type LearningRate,
  type OptimizerOptions,
  optimizerOptionNames,
  toOptions,
} from './options.js';

export interface MuonOptions extends OptimizerOptions {
  /** Adam's decay of the first moment. Default 0.9. */
  readonly adamBeta1?: number;
  /** Adam's decay of the second moment. Default 0.999. */
  readonly adamBeta2?: number;
  /** Weight decay of what Adam updates; null for none. Default 0.004. */
  readonly adamWeightDecay?: number | null;
  /** Adam's. Default 1e-7. */
  readonly epsilon?: number;
  /** Weight decay of the matrices; null for none. Default 0.004. */
  readonly weightDecay?: number | null;
  /** Patterns for the paths of matrices that are left to Adam. */
  readonly excludeLayers?: readonly string[];
  /** Leave embeddings to Adam. Default true. */
  readonly excludeEmbeddings?: boolean;
  /** Coefficients of the iteration's polynomial. Default 3.4445. */
  readonly muonA?: number;
  /** Default −4.775. */
  readonly muonB?: number;
  /** Default 2.0315. */
  readonly muonC?: number;
  /** Adam's learning rate by Muon's. Default 1. */
  readonly adamLrRatio?: number;
  /** Default 0.95. */
  readonly momentum?: number;
  /** Iterations that orthogonalize. Default 5. */
  readonly nsSteps?: number;
  /** Look ahead along the momentum. Default true. */
  readonly nesterov?: boolean;
  /** Root mean square of an update, by the learning rate; null leaves its size alone. Default 0.2. */
  readonly rmsRate?: number | null;
}

const defaults = {
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  epsilon: 1e-7,
  excludeLayers: [] as readonly string[],
  muonA: 3.4445,
  muonB: -4.775,
  muonC: 2.0315,
  adamLrRatio: 1,
  momentum: 0.95,
  nsSteps: 5,
  nesterov: true,
  excludeEmbeddings: true,
  adamWeightDecay: 0.004 as number | null,
  rmsRate: 0.2 as number | null,
};

type MuonSettings = typeof defaults;

/** Null means something for these; for the other options it is the default. */
const nullable: readonly string[] = ['adamWeightDecay', 'rmsRate'];

function settingsOf(options: MuonOptions): MuonSettings {
  const given = Object.entries(options).filter(
    ([name, value]) =>
      name in defaults && value !== undefined && (value !== null || nullable.includes(name)),
  );
  return { ...defaults, ...Object.fromEntries(given) };
}

/**
 * m ← μm + g, w ← w − lr·NS(g + μm)·0.2·√max(rows, columns), where NS nearly makes the singular values
 * one. Default learning rate 0.001. Jordan et al. 2024; the scale is Liu et al.'s (2025).
 */
export class Muon extends FusedOptimizer {
  private readonly settings: MuonSettings;

  /** `new Muon(0.01, { excludeLayers: ['head'] })` */
  constructor(learningRate?: LearningRate | MuonOptions, rest?: MuonOptions) {
    const options = toOptions<MuonOptions>(new.target.name, learningRate, rest);
    checkOptions('Muon', options, [...optimizerOptionNames, ...Object.keys(defaults)]);
    const { learningRate: rate = 0.001, weightDecay = 0.004 } = options;
    super({ ...options, learningRate: rate, weightDecay });
    this.settings = settingsOf(options);
  }

  private usesAdam({ shape, path }: Variable): boolean {
    const { excludeEmbeddings, excludeLayers } = this.settings;
    if (shape.length !== 2) return true;
    if (excludeEmbeddings && path.toLowerCase().includes('embedding')) return true;
    return excludeLayers.some((pattern) => new RegExp(pattern).test(path));
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, 'momentum');
      if (this.usesAdam(variable)) this.addSlot(variable, 'velocity');
    }
  }

  protected override decayName(variable: Variable): string {
    return variable.name;
  }

  protected override decayOf(variable: Variable): number | null {
    if (!this.mayDecay(variable)) return null;
    return this.usesAdam(variable) ? this.settings.adamWeightDecay : this.common.weightDecay;
  }

  protected override weightDecay(
    variables: readonly Variable[],
    learningRate: Tensor,
  ): WeightDecay | undefined {
    const { adamWeightDecay } = this.settings;
    const applies = variables.map((variable) => this.decayOf(variable) !== null);
    if (adamWeightDecay === null || !applies.includes(true)) return undefined;
    return { factor: multiply(adamWeightDecay, learningRate), applies };
  }

  protected override updateAll(
    gradients: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    const [left, matrices]: [number[], number[]] = [[], []];
    for (const [i, variable] of variables.entries()) {
      (this.usesAdam(variable) ? left : matrices).push(i);
    }
    for (const i of matrices) {
      const decay = this.decayOf(variables[i]);
      const { value } = variables[i];
      if (decay !== null) variables[i].assignSub(multiply(multiply(value, decay), learningRate));
      this.orthogonalStep(gradients[i], variables[i], learningRate);
    }
    if (left.length === 0) return;
    const rest = left.map((i) => variables[i]);
    const decay = this.weightDecay(rest, learningRate);
    const targets = { variables: rest, gradients: left.map((i) => gradients[i]), decay };
    this.fusedUpdate(targets, learningRate);
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    if (this.usesAdam(variable)) super.updateStep(gradient, variable, learningRate);
    else this.orthogonalStep(gradient, variable, learningRate);
  }

  protected override fusedUpdate(targets: Targets, rate: Tensor): void {
    const { adamBeta1: beta1, adamBeta2: beta2, epsilon, adamLrRatio } = this.settings;
    const learningRate = multiply(rate, adamLrRatio);
    const rests = { oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2 };
    this.run(targets, adamUpdate, { learningRate, beta1, beta2, epsilon, ...rests });
  }

  private orthogonalStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { momentum, nesterov, rmsRate } = this.settings;
    const m = this.slot(variable, 'momentum');
    m.assignAdd(add(gradient, multiply(m.value, momentum - 1)));
    const ahead = nesterov ? add(gradient, multiply(momentum, m.value)) : m.value;
    const update = multiply(learningRate, this.orthogonalized(ahead));
    const [rows, columns] = variable.shape;
    const scale = rmsRate === null ? 1 : Math.sqrt(Math.max(rows, columns)) * rmsRate;
    variable.assignSub(scale === 1 ? update : multiply(update, scale));
  }

  /** Nearly the orthogonal matrix UVᵀ of x = USVᵀ, by Newton-Schulz iterations. */
  private orthogonalized(x: Tensor): Tensor {
    const { muonA, muonB, muonC, nsSteps } = this.settings;
    const tall = x.shape[0] > x.shape[1];
    const flat = tall ? transpose(x) : x;
    let y = divide(flat, add(sqrt(sum(square(flat))), 1e-7));
    for (let i = 0; i < nsSteps; i++) {
      const a = matmul(y, y, { transposeB: true });
      const b = add(multiply(muonB, a), matmul(multiply(muonC, a), a));
      y = add(multiply(muonA, y), matmul(b, y));
    }
    return tall ? transpose(y) : y;
  }

  override getConfig(): Record<string, unknown> {
    const { adamBeta1, adamBeta2, ...rest } = this.settings;
    const betas = { adam_beta_1: adamBeta1, adam_beta_2: adamBeta2 };
    return { ...super.getConfig(), ...betas, ...snakeKeys(rest) };
  }
}
optimizers.add('Muon', Muon);
