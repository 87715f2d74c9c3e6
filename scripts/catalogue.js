// The table of Keras's names (test/goldens/names.json) and what stands for each here: docs/keras.md.
import { readFileSync } from 'node:fs';
import { absences } from './catalogue-absences.js';
import { root } from './run.js';

const camelCase = (name) => name.replace(/_+([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** Names of ours that are not Keras's in camel case. */
const renamed = {
  'activations.get': 'a name wherever an activation goes',
  'layers.InputLayer': 'layers.Input',
  'layers.Input': 'input',
  'models.model_from_json': 'modelFromJSON',
  'models.save_model': 'model.save',
};

const general = [
  [/\.get$/, 'a name or config wherever an object goes'],
  [/\.serialize$/, 'getConfig()'],
  [/\.deserialize$/, 'fromConfig(config)'],
];

/** What stands for a Keras name: how it is written here, or undefined. */
function equivalent(family, name, library) {
  const key = `${family}.${name}`;
  if (renamed[key]) return renamed[key];
  for (const [pattern, text] of general) if (pattern.test(key)) return text;
  const namespace = family === 'models' ? library : (library[family] ?? {});
  const prefix = family === 'models' ? '' : `${family}.`;
  for (const spelling of [name, camelCase(name)]) {
    if (spelling in namespace) return `${prefix}${spelling}`;
  }
  // The registry of a family has its name: `losses.losses`.
  return namespace[family]?.has(name) ? `'${name}'` : undefined;
}

/**
 * Every Keras name with what stands for it here, or why nothing does.
 *
 * @param {object} library the exports of the package
 * @returns {{ family: string, rows: { name: string, here?: string, reason?: string }[] }[]}
 */
export function catalogue(library) {
  const { cases } = JSON.parse(readFileSync(`${root}/test/goldens/names.json`, 'utf8'));
  return cases.map(({ family, names }) => ({
    family,
    rows: names.map((name) => {
      const here = equivalent(family, name, library);
      const reason =
        here === undefined ? absences.find(({ names: n }) => n.test(name))?.reason : undefined;
      return { name, here, reason };
    }),
  }));
}

const row = ({ name, here, reason }) =>
  `| ${name} | ${here === undefined ? '–' : `\`${here}\``} | ${reason ?? ''} |`;

/**
 * The table as Markdown.
 *
 * @param {object} library the exports of the package
 * @returns {string}
 */
export function catalogueText(library) {
  const { keras } = JSON.parse(readFileSync(`${root}/test/goldens/names.json`, 'utf8'));
  const parts = catalogue(library).map(({ family, rows }) => {
    const present = rows.filter(({ here }) => here !== undefined).length;
    return [
      `## ${family}`,
      '',
      `${present} of ${rows.length} names.`,
      '',
      '| Keras | neurone | |',
      '|---|---|---|',
      ...rows.map(row),
      '',
    ].join('\n');
  });
  return [
    "# Keras's names",
    '',
    `Every public name of Keras ${keras} in the families that neurone has, and what stands for it here. Strings that`,
    'name objects may be written in either spelling: `he_normal`, `heNormal` or `HeNormal`. This page is made by',
    '`scripts/write-catalogue`.',
    '',
    ...parts,
  ].join('\n');
}
