// What a model is made of: layers between symbolic tensors, or a function over layers; its inputs and outputs.
import { Input } from '../layers/input.js';
import { type AnyLayer, type CallOptions, Layer, layersIn } from '../layers/layer.js';
import { isList, type Structure, type SymbolicShape, tensorsOf } from '../layers/structure.js';
import { inferSymbolic, symbolsOf } from '../layers/symbolic.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError, StateError } from '../util/errors.js';
import { arrange, type Form, formOf } from './data.js';
import { ModelGraph } from './graph.js';
import type { ModelOptions } from './model-options.js';
import type { InfoOf } from './steps.js';

/** @internal A layer that has inputs, outputs and layers between. */
export class StructuredModel<In extends Structure, Out extends Structure> extends Layer<In, Out> {
  /** @internal The layers between inputs and outputs, if the model was made of those. */
  graph: ModelGraph | undefined;
  private outForm: Form | undefined;
  private outCount = 0;
  /** Shapes of the inputs, once built; batch axes null. */
  builtShapes: readonly SymbolicShape[] | undefined;

  constructor(options: ModelOptions<In, Out> = {}, className?: string) {
    const { inputs, outputs, ...rest } = options;
    super(rest, className);
    if (!inputs && !outputs) return;
    if (!inputs || !outputs) {
      throw new ConfigError(
        `${this.name}: a functional model needs both inputs and outputs; ${inputs ? 'outputs' : 'inputs'} are missing.`,
      );
    }
    this.useGraph(ModelGraph.of(inputs, outputs));
  }

  /** @internal Runs `graph` from now on. */
  protected useGraph(graph: ModelGraph): void {
    this.graph = graph;
    this.built = true;
    this.builtShapes = graph.inputs.map(({ shape }) => shape);
    const single = Array.isArray(graph.outputStructure) && graph.outputs.length === 1;
    this.outForm = single ? 'one' : formOf(graph.outputStructure);
    this.outCount = graph.outputs.length;
    this.namePaths(this.name);
  }

  /** The model's function. A functional model runs its layers. */
  override call(x: In, options: CallOptions): Out {
    if (this.graph) {
      // Masks of inputs by name are on the tensors themselves.
      const masks = x instanceof Tensor || isList(x) ? options.masks : undefined;
      return this.graph.run(this.graph.arrange(x, this.name), { ...options, masks }) as Out;
    }
    throw new StateError(
      `${this.name}: a model is made of inputs and outputs, or of a class with call(x, { training }).`,
    );
  }

  /** The model's layers, in order. */
  get layers(): readonly AnyLayer[] {
    if (this.graph) return this.graph.layers;
    // What the model was compiled to holds no layers, and asks for them itself.
    const own = ['compiledState', 'steps', 'compileOptions'];
    return layersIn(Object.fromEntries(Object.entries(this).filter(([key]) => !own.includes(key))));
  }

  override get sublayers(): readonly AnyLayer[] {
    return this.layers;
  }

  /** The symbolic tensors that a functional model was made of. */
  get inputs(): readonly Tensor[] {
    return this.graph?.inputs ?? [];
  }

  get outputs(): readonly Tensor[] {
    return this.graph?.outputs ?? [];
  }

  /** The symbolic tensor that a functional model was made of, or a list of several. */
  override get input(): Structure {
    const { inputs } = this;
    return inputs.length === 0 ? super.input : inputs.length === 1 ? inputs[0] : inputs;
  }

  override get output(): Structure {
    const { outputs } = this;
    return outputs.length === 0 ? super.output : outputs.length === 1 ? outputs[0] : outputs;
  }

  /** What data of each input may be called by. */
  get inputNames(): readonly string[] {
    return this.graph?.inputNames ?? [];
  }

  /** @internal */
  get inputCount(): number {
    return this.graph?.inputs.length ?? 1;
  }

  /** What targets and losses of each output are called by. */
  get outputNames(): readonly string[] {
    if (this.graph) return this.graph.outputNames;
    if (Array.isArray(this.outForm)) return this.outForm;
    const count = Math.max(1, this.outCount);
    return Array.from({ length: count }, (_, i) => `output_${i + 1}`);
  }

  /** Whether `outputNames` is final: a subclass's outputs are known once it has been traced. */
  protected get knowsOutputs(): boolean {
    return this.graph !== undefined || this.outForm !== undefined;
  }

  /** @internal How the outputs belong together. */
  get outputForm(): Form {
    return this.outForm ?? 'one';
  }

  /** @internal */
  noteOutput(output: Structure): void {
    if (this.outForm !== undefined) return;
    this.outForm = formOf(output);
    this.outCount = tensorsOf(output).length;
  }

  /** Makes the weights for inputs of this shape (with the batch axis, whose size does not matter). */
  override build(inputShape?: SymbolicShape | readonly SymbolicShape[]): void {
    if (this.graph) return;
    const shapes = shapesIn(inputShape);
    if (!shapes) {
      throw new ShapeError(
        `${this.name}: build() needs the shape of the input, e.g. [null, 784], got ${inputShape ? JSON.stringify(inputShape) : 'nothing'}.`,
      );
    }
    const symbols = shapes.map((shape) => new Input({ batchShape: shape }).output);
    this.buildOn(arrange(symbols.length === 1 ? 'one' : 'list', symbols));
  }

  /** Traces a call on symbolic tensors, which builds every layer. */
  private buildOn(x: Structure): void {
    this.built = true;
    const { structure } = inferSymbolic(x, (given) => this.apply(given as In));
    this.noteOutput(structure);
    this.builtShapes = symbolsOf(x).map(({ shape }) => shape);
    this.namePaths(this.name);
  }

  override ensureBuilt(inputShape: SymbolicShape | readonly SymbolicShape[]): void {
    if (this.built) return;
    this.built = true;
    this.builtShapes = shapesIn(inputShape);
  }

  /** @internal Builds the model for inputs like these, so that its outputs are known. */
  ensureOutputs({ x, form }: { readonly x: readonly InfoOf[]; readonly form: Form }): void {
    if (this.graph || this.outForm !== undefined) return;
    const symbols = x.map(({ shape, dtype }) => new Input({ shape: shape.slice(1), dtype }).output);
    this.buildOn(arrange(form, symbols));
  }

  protected requireBuilt(what: string): void {
    if (this.built) return;
    throw new StateError(
      `${this.name}: ${what}() needs the weights, which do not exist before the input's shape is known. Call build([null, features]), add an Input layer, or fit first.`,
    );
  }
}

const isOneShape = (shape: SymbolicShape | readonly SymbolicShape[]): shape is SymbolicShape =>
  shape.every((d) => d === null || typeof d === 'number');

/** One shape or several, checked: whole numbers or null. */
function shapesIn(
  given: SymbolicShape | readonly SymbolicShape[] | undefined,
): readonly SymbolicShape[] | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined;
  const shapes: readonly SymbolicShape[] = isOneShape(given) ? [given] : given;
  const valid = shapes.every(
    (shape) => Array.isArray(shape) && shape.length > 0 && isOneShape(shape),
  );
  return valid ? shapes : undefined;
}
