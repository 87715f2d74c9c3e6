// Text as Python makes it: format strings like `{epoch:02d}-{val_loss:.2f}`, and numbers.
import { ConfigError } from '../util/errors.js';
import type { Logs, LogValue } from './callback.js';

/** Digits behind the point that any float64 with a finite tie has. */
const exactDigits = 100;

/** `toFixed` that rounds ties to even, as Python does. */
function fixed(value: number, digits: number): string {
  // From here on every float64 is whole, and `toFixed` gives an exponent.
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${digits ? `.${'0'.repeat(digits)}` : ''}`;
  const rounded = value.toFixed(digits);
  if (digits >= exactDigits) return rounded;
  const exact = value.toFixed(exactDigits);
  const point = exact.indexOf('.');
  const cut = exact.slice(point + 1 + digits);
  if (!/^50*$/.test(cut)) return rounded;
  const kept = digits === 0 ? exact.slice(0, point) : exact.slice(0, point + 1 + digits);
  return Number(kept.at(-1)) % 2 === 0 ? kept : rounded;
}

/** `1e-7` → `1e-07`. */
const padExponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');

/** The least size with an exponent, for float64 and float32. */
const large = { float64: 1e16, float32: 1e6 } as const;

/**
 * A float as Python prints it: `1.0`, `1e-05`, `nan`; a float32 as NumPy does, with no more digits than tell
 * it from other float32 numbers, and `1e+06`.
 */
export function pythonFloat(value: number, type: keyof typeof large = 'float64'): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  const short = type === 'float32' ? shortest(value) : value;
  if (size !== 0 && (size < 1e-4 || size >= large[type])) return padExponent(short.toExponential());
  const text = Object.is(value, -0) ? '-0' : String(short);
  return text.includes('.') ? text : `${text}.0`;
}

/** The number of fewest digits that is this one in float32. */
function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** `%g`: as short as `digits` significant ones allow. */
function general(value: number, digits: number): string {
  const significant = Math.max(digits, 1);
  const exponential = value.toExponential(significant - 1);
  const exponent = Number(exponential.slice(exponential.indexOf('e') + 1));
  const trim = (text: string): string =>
    text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
  if (exponent >= -4 && exponent < significant) {
    return trim(fixed(value, significant - 1 - exponent));
  }
  const [mantissa, power] = exponential.split('e');
  return padExponent(`${trim(mantissa)}e${power}`);
}

interface Spec {
  readonly fill: string | undefined;
  readonly align: string | undefined;
  readonly sign: string | undefined;
  readonly zero: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
}

const specPattern =
  /^(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<zero>0)?(?<width>\d+)?(?<grouping>[,_])?(?:\.(?<precision>\d+))?(?<type>[deEfFgGn%])?$/su;

function parseSpec(text: string): Spec | undefined {
  const groups = specPattern.exec(text)?.groups;
  return (
    groups && {
      fill: groups.fill,
      align: groups.align,
      sign: groups.sign,
      zero: groups.zero !== undefined,
      width: Number(groups.width ?? 0),
      grouping: groups.grouping ?? '',
      precision: groups.precision === undefined ? undefined : Number(groups.precision),
      type: groups.type ?? '',
    }
  );
}

/** With a precision but no type: like `g`, but always recognisable as a float. */
function generalFloat(value: number, digits: number): string {
  const text = general(value, digits);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The digits of a number that is not negative, without sign and width. */
function digitsOf(value: number, whole: boolean, { type, precision }: Spec): string {
  const lower = type.toLowerCase();
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'nan' : 'inf';
    return type === '%' ? `${text}%` : type === lower ? text : text.toUpperCase();
  }
  if (whole && ['', 'd', 'n'].includes(type)) return String(value);
  if (type === '')
    return precision === undefined ? pythonFloat(value) : generalFloat(value, precision);
  if (type === '%') return `${fixed(value * 100, precision ?? 6)}%`;
  if (lower === 'f') return fixed(value, precision ?? 6);
  const text =
    lower === 'e'
      ? padExponent(value.toExponential(precision ?? 6))
      : general(value, precision ?? 6);
  return type === lower ? text : text.toUpperCase();
}

/** One value by a format spec of Python's, such as `02d`; undefined if the spec does not fit. */
function formatValue(value: number, whole: boolean, text: string): string | undefined {
  const spec = parseSpec(text);
  if (!spec) return undefined;
  const asWhole = spec.type === 'd' || (whole && ['', 'n'].includes(spec.type));
  if (asWhole && (!whole || spec.precision !== undefined)) return undefined;
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : spec.sign === '+' || spec.sign === ' ' ? spec.sign : '';
  let digits = digitsOf(Math.abs(value), whole, spec);
  if (spec.grouping) {
    digits = digits.replace(/^\d+/, (part) => part.replace(/\B(?=(\d{3})+$)/g, spec.grouping));
  }
  const align = spec.align ?? (spec.zero ? '=' : '>');
  const padding = (spec.fill ?? (spec.zero ? '0' : ' ')).repeat(
    Math.max(0, spec.width - sign.length - digits.length),
  );
  const half = Math.floor(padding.length / 2);
  switch (align) {
    case '<':
      return sign + digits + padding;
    case '=':
      return sign + padding + digits;
    case '^':
      return padding.slice(0, half) + sign + digits + padding.slice(half);
    default:
      return padding + sign + digits;
  }
}

/**
 * Fills in `{name}` and `{name:spec}`, with Python's format specs for numbers; `{{` is a brace.
 *
 * @param where what the template belongs to, in errors
 * @param whole names of values that are whole numbers, not floats
 * @throws ConfigError for a name without a value and a spec that does not fit
 */
export function formatTemplate(
  where: string,
  template: string,
  values: Logs<LogValue>,
  whole: ReadonlySet<string>,
): string {
  return template.replace(
    /\{\{|\}\}|\{([^{}:!]*)(?:![rsa])?(?::([^{}]*))?\}/g,
    (match, name, spec) => {
      if (match === '{{' || match === '}}') return match[0];
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) {
        throw new ConfigError(
          `${where}: "${template}" asks for "${name}", which is not logged; there are ${Object.keys(values).join(', ')}.`,
        );
      }
      if (typeof value !== 'number') {
        throw new ConfigError(
          `${where}: "${template}" asks for "${name}", which is an array of ${value.length} values; only numbers can be part of a name.`,
        );
      }
      const text = formatValue(value, whole.has(name), spec ?? '');
      if (text !== undefined) return text;
      throw new ConfigError(
        `${where}: "${template}": cannot format ${name} with "${spec}"; use e.g. {epoch:02d} and {val_loss:.2f}.`,
      );
    },
  );
}
