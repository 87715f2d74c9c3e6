// Registries of named things. `'he_normal'`, `'heNormal'` and `'HeNormal'` are one name.
import { ConfigError } from './errors.js';
import { suggestion } from './suggest.js';

const normalize = (name: string): string => name.replace(/[_\s-]/g, '').toLowerCase();

/** `HeNormal` → `he_normal`, `Conv2D` → `conv2d`: Keras's spelling of a class in names. */
export const toSnakeCase = (name: string): string =>
  name
    .replace(/\W+|^_+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** `use_bias` → `useBias`. */
export const toCamelCase = (name: string): string =>
  name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A record with its keys in Keras's spelling. */
export const snakeKeys = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [toSnakeCase(key), value]));

/** A record of Keras's with its keys in ours. */
export const camelKeys = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [toCamelCase(key), value]));

/** Things of one kind by their names and aliases. */
export class Registry<T> {
  private readonly entries = new Map<string, T>();
  private readonly listed: string[] = [];
  private readonly spellings: string[] = [];

  /** @param kind what an entry is called in errors: `activation`, `loss`, … */
  constructor(readonly kind: string) {}

  /** Adds an entry under a name and its aliases; a later one replaces an earlier one. */
  add<E extends T>(name: string, entry: E, aliases: readonly string[] = []): E {
    if (!this.listed.includes(name)) this.listed.push(name);
    this.spellings.push(name, ...aliases);
    for (const alias of [name, ...aliases]) this.entries.set(normalize(alias), entry);
    return entry;
  }

  /** @internal Takes note of the entries; what it returns forgets all that were added since. */
  remember(): () => void {
    const entries = new Map(this.entries);
    const [listed, spellings] = [this.listed.length, this.spellings.length];
    return () => {
      this.entries.clear();
      for (const [name, entry] of entries) this.entries.set(name, entry);
      this.listed.length = listed;
      this.spellings.length = spellings;
    };
  }

  /** The names, without aliases. */
  get names(): readonly string[] {
    return this.listed;
  }

  has(name: string): boolean {
    return this.entries.has(normalize(name));
  }

  /** @throws ConfigError for an unknown name, with the nearest one. */
  get(name: string): T {
    const entry = this.entries.get(normalize(name));
    if (entry !== undefined) return entry;
    throw new ConfigError(
      `unknown ${this.kind} "${name}".${suggestion(name, this.spellings)} Known: ${this.listed.join(', ')}.`,
    );
  }

  /** The name that `entry` was added under, if it was. */
  nameOf(entry: T): string | undefined {
    return this.listed.find((name) => this.entries.get(normalize(name)) === entry);
  }
}
