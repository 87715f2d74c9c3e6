// Colours for values from 0 to 1, between a few stops.

type RGB = readonly [number, number, number];

const stops = {
  heat: [
    [0, 0, 0],
    [0.5, 0.02, 0.1],
    [0.9, 0.25, 0.05],
    [1, 0.75, 0.1],
    [1, 1, 0.9],
  ],
  diverging: [
    [0.1, 0.25, 0.7],
    [0.55, 0.7, 0.95],
    [1, 1, 1],
    [0.95, 0.6, 0.5],
    [0.7, 0.08, 0.1],
  ],
} as const satisfies Record<string, readonly RGB[]>;

export type ColorMap = keyof typeof stops;

export const colorMapNames: readonly string[] = Object.keys(stops);

/** Red, green and blue, from 0 to 1. */
export function colorOf(map: ColorMap, value: number): RGB {
  const colors: readonly RGB[] = stops[map];
  const at = Math.min(1, Math.max(0, value)) * (colors.length - 1);
  const below = Math.min(Math.floor(at), colors.length - 2);
  const share = at - below;
  const mix = (c: 0 | 1 | 2) => (1 - share) * colors[below][c] + share * colors[below + 1][c];
  return [mix(0), mix(1), mix(2)];
}
