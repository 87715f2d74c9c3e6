// Optimizer updates over all weights at once: one kernel call per step, whatever the layer count. A rule
// says what becomes of one weight and its slots; `defineUpdate` makes the op of it.
//
// Operands come in lists of `count` tensors: all weights, all slots of each kind, all gradients; then the
// rule's scalars, the decay of weights, and for rules that count the number of updates done so far. The
// outputs are the new weights and slots, in place.
import { sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { asTensor, cast } from './convert.js';
import { callAll, defineOp, type ValueInfo } from './define.js';
import { add, multiply, subtract } from './elementwise.js';

type Named<Name extends string, T> = Readonly<Record<Name, T>>;

const named = <Name extends string, T>(
  names: readonly Name[],
  at: (name: Name, i: number) => T,
): Named<Name, T> =>
  Object.fromEntries(names.map((name, i) => [name, at(name, i)])) as Named<Name, T>;

/** What one weight is updated from. The weight has decayed already. */
export interface Terms<Slot extends string> {
  readonly weight: Tensor;
  readonly gradient: Tensor;
  readonly slots: Named<Slot, Tensor>;
}

/** How one weight is updated, in ops: the reference for the kernel of the same name. */
export interface UpdateRule<Slot extends string, Scalar extends string> {
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly scalars: readonly Scalar[];
  /** FLOPs per weight. */
  readonly flops: number;
  /** Whether it reads the number of this update, 1 for the first. */
  readonly counts?: boolean;
  next(
    terms: Terms<Slot>,
    scalars: Named<Scalar, Tensor>,
    t: Tensor,
  ): { readonly weight: Tensor; readonly slots: Named<Slot, Tensor> };
}

/** What weights lose before they are updated: w ← w − w·factor. */
export interface WeightDecay {
  /** Keras's weight decay times the learning rate. */
  readonly factor: TensorLike;
  /** Which of the weights. */
  readonly applies: readonly boolean[];
}

/** All that an update is given. */
export interface UpdateOperands<Slot extends string, Scalar extends string> {
  readonly weights: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly slots: Named<Slot, readonly Tensor[]>;
  readonly scalars: Named<Scalar, TensorLike>;
  readonly decay?: WeightDecay | undefined;
  /** Updates done so far, int32. */
  readonly step: Tensor;
}

/** New weights and slots, in the order of those given. */
export interface Updated<Slot extends string> {
  readonly weights: readonly Tensor[];
  readonly slots: Named<Slot, readonly Tensor[]>;
}

/** A fused update, with the names of its slots. */
export interface Update<Slot extends string, Scalar extends string> {
  (operands: UpdateOperands<Slot, Scalar>): Updated<Slot>;
  readonly slots: readonly Slot[];
}

const total = (infos: readonly ValueInfo[]): number =>
  infos.reduce((n, info) => n + sizeOf(info.shape), 0);

/** Makes the op of a rule. Its attributes: `count`, and for each weight whether it decays, or none do. */
export function defineUpdate<Slot extends string, Scalar extends string>(
  rule: UpdateRule<Slot, Scalar>,
): Update<Slot, Scalar> {
  const { slots, scalars } = rule;
  const op = defineOp({
    name: rule.name,
    kind: 'update',
    rows: 'independent',
    infer: (inputs, attrs) => inputs.slice(0, (1 + slots.length) * (attrs.count as number)),
    inPlace: (output) => output,
    flops: (inputs, _, attrs) => rule.flops * total(inputs.slice(0, attrs.count as number)),
    decompose: (inputs, attrs) => {
      const count = attrs.count as number;
      const decays = attrs.decays as readonly number[];
      const list = (i: number) => inputs.slice(i * count, (i + 1) * count);
      const rest = inputs.slice((2 + slots.length) * count);
      const values = named(scalars, (_, i) => rest[i]);
      const decay = rest[scalars.length];
      const t = rule.counts ? add(cast(rest[scalars.length + 1], 'float32'), 1) : asTensor(1);
      const gradients = list(1 + slots.length);
      const next = list(0).map((w, i) =>
        rule.next(
          {
            weight: decays[i] ? subtract(w, multiply(w, decay)) : w,
            gradient: gradients[i],
            slots: named(slots, (_, slot) => list(1 + slot)[i]),
          },
          values,
          t,
        ),
      );
      return [
        ...next.map(({ weight }) => weight),
        ...slots.flatMap((slot) => next.map((of) => of.slots[slot])),
      ];
    },
  });
  const update = (operands: UpdateOperands<Slot, Scalar>): Updated<Slot> => {
    const { weights, decay } = operands;
    const count = weights.length;
    const out = callAll(
      op,
      [
        ...weights,
        ...slots.flatMap((slot) => operands.slots[slot]),
        ...operands.gradients,
        ...scalars.map((name) => asTensor(operands.scalars[name])),
        asTensor(decay?.factor ?? 0),
        ...(rule.counts ? [operands.step] : []),
      ],
      { count, decays: decay?.applies.some(Boolean) ? decay.applies.map(Number) : [] },
    );
    return {
      weights: out.slice(0, count),
      slots: named(slots, (_, i) => out.slice((1 + i) * count, (2 + i) * count)),
    };
  };
  return Object.assign(update, { slots });
}
