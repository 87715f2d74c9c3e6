// How weights begin and what holds them: three options of a layer whose names begin with the weight's.
import {
  type Constraint,
  type ConstraintLike,
  get as getConstraint,
  serializeConstraint,
} from '../constraints/index.js';
import {
  get as getInitializer,
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import {
  get as getRegularizer,
  type Regularizer,
  type RegularizerLike,
  serializeRegularizer,
} from '../regularizers/index.js';
import { argument } from './layer-options.js';

/** How a weight begins and what holds it. */
export interface WeightRules {
  readonly initializer: Initializer;
  readonly regularizer: Regularizer | undefined;
  readonly constraint: Constraint | undefined;
}

type Rules<P extends string> = { readonly [K in `${P}Initializer`]?: InitializerLike } & {
  readonly [K in `${P}Regularizer`]?: RegularizerLike;
} & { readonly [K in `${P}Constraint`]?: ConstraintLike };

/** The rules that options tell for the weight that their names begin with. */
export function rulesOf<P extends string>(
  layer: { readonly className: string; readonly name: string },
  options: Rules<P>,
  prefix: P,
  initializer: InitializerLike = 'glorotUniform',
): WeightRules {
  const given: Rules<string> = options;
  const [first, penalty, bound] = ['Initializer', 'Regularizer', 'Constraint'].map(
    (kind) => `${prefix}${kind}`,
  );
  return {
    initializer: argument(layer, first, () =>
      getInitializer(given[`${prefix}Initializer`] ?? initializer),
    ),
    regularizer: argument(layer, penalty, () => getRegularizer(given[`${prefix}Regularizer`])),
    constraint: argument(layer, bound, () => getConstraint(given[`${prefix}Constraint`])),
  };
}

/** The same in Keras's configs. */
export const serializeRules = (prefix: string, rules: WeightRules): Record<string, unknown> => ({
  [`${prefix}_initializer`]: serializeInitializer(rules.initializer),
  [`${prefix}_regularizer`]: serializeRegularizer(rules.regularizer),
  [`${prefix}_constraint`]: serializeConstraint(rules.constraint),
});
