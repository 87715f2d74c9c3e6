// VarianceScaling under the names of those who chose its scale, mode and distribution.
import { toNamed } from '../util/options.js';
import { initializers } from './initializer.js';
import {
  type FanOptions,
  fanNames,
  VarianceScaling,
  type VarianceScalingOptions,
} from './scaling.js';

/** A VarianceScaling with everything but its seed and axes fixed. */
abstract class FixedScaling extends VarianceScaling {
  constructor(options: FanOptions, fixed: VarianceScalingOptions) {
    super({ ...toNamed<FanOptions>(new.target.name, [options], [], fanNames), ...fixed });
  }
  override getConfig(): Record<string, unknown> {
    return this.fanConfig();
  }
}

/** Truncated normal of variance 2 / (fanIn + fanOut). Glorot & Bengio 2010. */
export class GlorotNormal extends FixedScaling {
  constructor(options: FanOptions = {}) {
    super(options, { mode: 'fan_avg' });
  }
}
initializers.add('GlorotNormal', GlorotNormal, ['xavierNormal']);

/** Uniform of variance 2 / (fanIn + fanOut): the default of dense kernels. */
export class GlorotUniform extends FixedScaling {
  constructor(options: FanOptions = {}) {
    super(options, { mode: 'fan_avg', distribution: 'uniform' });
  }
}
initializers.add('GlorotUniform', GlorotUniform, ['xavierUniform']);

/** Truncated normal of variance 2 / fanIn, for relu. He et al. 2015. */
export class HeNormal extends FixedScaling {
  constructor(options: FanOptions = {}) {
    super(options, { scale: 2 });
  }
}
initializers.add('HeNormal', HeNormal);

/** Uniform of variance 2 / fanIn. He et al. 2015. */
export class HeUniform extends FixedScaling {
  constructor(options: FanOptions = {}) {
    super(options, { scale: 2, distribution: 'uniform' });
  }
}
initializers.add('HeUniform', HeUniform);

/** Truncated normal of variance 1 / fanIn. LeCun et al. 1998. */
export class LecunNormal extends FixedScaling {
  constructor(options: FanOptions = {}) {
    super(options, {});
  }
}
initializers.add('LecunNormal', LecunNormal);

/** Uniform of variance 1 / fanIn. LeCun et al. 1998. */
export class LecunUniform extends FixedScaling {
  constructor(options: FanOptions = {}) {
    super(options, { distribution: 'uniform' });
  }
}
initializers.add('LecunUniform', LecunUniform);
