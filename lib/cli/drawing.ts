// Draws grey images in a terminal: two pixels per character, the upper and the lower half of a block.

export interface Picture {
  /** Rows of pixels, 0 (dark) to 1 (bright). */
  readonly pixels: readonly (readonly number[])[];
  readonly caption: string;
}

const greys = 24;
const firstGrey = 232;

function coloured(upper: number, lower: number): string {
  const grey = (value: number) => firstGrey + Math.round(value * (greys - 1));
  return `\x1b[38;5;${grey(upper)};48;5;${grey(lower)}m▀`;
}

function plain(upper: number, lower: number): string {
  return [
    [' ', '▄'],
    ['▀', '█'],
  ][upper > 0.4 ? 1 : 0][lower > 0.4 ? 1 : 0];
}

function lines({ pixels }: Picture, colours: boolean): string[] {
  const out: string[] = [];
  for (let row = 0; row < pixels.length; row += 2) {
    const halves = pixels[row].map((upper, column) => {
      const lower = pixels[row + 1]?.[column] ?? 0;
      return colours ? coloured(upper, lower) : plain(upper, lower);
    });
    out.push(halves.join('') + (colours ? '\x1b[0m' : ''));
  }
  return out;
}

/** Pictures of one width side by side with their captions below, as many in a row as `columns` hold. */
export function drawPictures(
  pictures: readonly Picture[],
  { columns, colours }: { columns: number; colours: boolean },
): string {
  const width = Math.max(...pictures.map((p) => Math.max(p.pixels[0].length, p.caption.length)));
  const perRow = Math.max(1, Math.floor((columns + 2) / (width + 2)));
  const blocks: string[] = [];
  for (let first = 0; first < pictures.length; first += perRow) {
    const row = pictures.slice(first, first + perRow);
    const drawn = row.map((picture) => lines(picture, colours));
    const padding = ' '.repeat(width - pictures[0].pixels[0].length + 2);
    for (const line of drawn[0].keys()) blocks.push(drawn.map((d) => d[line]).join(padding));
    blocks.push(
      row
        .map((picture) => picture.caption.padEnd(width))
        .join('  ')
        .trimEnd(),
      '',
    );
  }
  return blocks.join('\n');
}
