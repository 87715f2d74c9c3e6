// The variables of an optimizer: those of its own, and its slots, one or more for each weight.
import { untraced } from '../graph/compile.js';
import { Variable } from '../graph/variable.js';
import { broadcastTo } from '../ops/movement.js';
import { filled, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { StateError } from '../util/errors.js';

/** Keeps variables in the order in which they were made, which is the order that files have. */
export abstract class SlotKeeper {
  private readonly slotsOf = new Map<Variable, Map<string, Variable>>();
  /** All that the optimizer keeps. */
  protected readonly owned: Variable[] = [];
  /** The variables that it has slots for, in order. */
  readonly built: Variable[] = [];

  constructor(readonly name: string) {}

  /** All that it keeps, in Keras's order: the step count, the learning rate, the slots. */
  get variables(): readonly Variable[] {
    return [...this.owned];
  }

  /** Those of `variables` that are new, from now on known. */
  protected adopt(variables: readonly Variable[]): readonly Variable[] {
    const fresh = variables.filter((variable) => !this.slotsOf.has(variable));
    for (const variable of fresh) this.slotsOf.set(variable, new Map());
    this.built.push(...fresh);
    return fresh;
  }

  /** Adds a variable of the optimizer's own, such as a count. */
  protected addVariable(name: string, initial: Tensor, path = `${this.name}/${name}`): Variable {
    const variable = untraced(() => new Variable(initial, { name, trainable: false }));
    variable.path = path;
    this.owned.push(variable);
    return variable;
  }

  /** Keeps a variable no longer. */
  protected forget(variable: Variable): void {
    this.owned.splice(this.owned.indexOf(variable), 1);
  }

  /** Adds a slot of the variable's shape, that starts as a number or a tensor of that shape. */
  protected addSlot(variable: Variable, name: string, initial: TensorLike = 0): Variable {
    const value =
      typeof initial === 'number'
        ? filled(initial, variable.shape)
        : broadcastTo(initial, variable.shape);
    const full = `${variable.path.replaceAll('/', '_')}_${name}`;
    const slot = this.addVariable(full, value);
    return this.keepSlot(variable, name, slot);
  }

  /** Makes a variable of any shape known as a slot. */
  protected keepSlot(variable: Variable, name: string, slot: Variable): Variable {
    this.slotsOf.get(variable)?.set(name, slot);
    return slot;
  }

  /** Adds slots of these names for the first variable, then for the second, …. */
  protected addSlots(variables: readonly Variable[], names: readonly string[], initial = 0): void {
    for (const variable of variables) {
      for (const name of names) this.addSlot(variable, name, initial);
    }
  }

  /** The slot that `addSlot` made, if it did. */
  protected slotIfAny(variable: Variable, name: string): Variable | undefined {
    return this.slotsOf.get(variable)?.get(name);
  }

  /** The slot that `addSlot` made. */
  protected slot(variable: Variable, name: string): Variable {
    const slot = this.slotIfAny(variable, name);
    if (slot) return slot;
    throw new StateError(`${this.name}: variable "${variable.path}" has no slot "${name}".`);
  }
}
