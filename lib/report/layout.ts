// Places the boxes of a graph: rows by distance from the beginning, in each row the order that crosses the
// fewest lines, found by sweeping over the rows (Sugiyama, Tagawa & Toda 1981).

/** A box to place, and the boxes that it follows. */
export interface Box {
  readonly width: number;
  readonly height: number;
  /** Indices of the boxes that it reads. */
  readonly parents: readonly number[];
}

/** Where a box is: its upper left corner. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The way from a box down to one that reads it: from lower edge to upper edge, around what lies between. */
export interface Route {
  readonly from: number;
  readonly to: number;
  readonly points: readonly Place[];
}

export interface Layout {
  readonly places: readonly Place[];
  readonly routes: readonly Route[];
  readonly width: number;
  readonly height: number;
}

const gapX = 24;
const gapY = 36;
const sweeps = 8;

/** The row of each box: one below the lowest of its parents. Boxes come after their parents. */
function rowsOf(boxes: readonly Box[]): number[] {
  const rows: number[] = [];
  for (const { parents } of boxes) {
    rows.push(parents.reduce((row, parent) => Math.max(row, rows[parent] + 1), 0));
  }
  // Each box stands as near as it can above what follows it.
  for (let i = boxes.length - 1; i >= 0; i--) {
    const children = boxes.flatMap(({ parents }, j) => (parents.includes(i) ? [rows[j]] : []));
    if (children.length > 0) rows[i] = Math.min(...children) - 1;
  }
  return rows;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The boxes of each row from left to right. */
function orderRows(boxes: readonly Box[], rowOf: readonly number[]): number[][] {
  const rows: number[][] = [];
  for (const [i, row] of rowOf.entries()) {
    rows[row] ??= [];
    rows[row].push(i);
  }
  const children: number[][] = boxes.map(() => []);
  for (const [i, { parents }] of boxes.entries()) {
    for (const parent of parents) children[parent].push(i);
  }
  const position = boxes.map(() => 0);
  const note = (row: readonly number[]) => {
    for (const [at, i] of row.entries()) position[i] = at - (row.length - 1) / 2;
  };
  for (const row of rows) note(row);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const wanted = new Map(
        row.map((i) => {
          const near = down ? boxes[i].parents : children[i];
          return [i, near.length > 0 ? mean(near.map((j) => position[j])) : position[i]];
        }),
      );
      row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      note(row);
    }
  }
  return rows;
}

interface Threaded {
  readonly boxes: readonly Box[];
  readonly rowOf: readonly number[];
  /** Boxes from a parent to a child, with one in every row between. */
  readonly ways: readonly (readonly number[])[];
}

const threadWidth = 12;

/** Adds a narrow box to every row that a line passes, so that it has a place there. */
function thread(boxes: readonly Box[]): Threaded {
  const rowOf = rowsOf(boxes);
  const all: Box[] = boxes.map((box) => ({ ...box, parents: [] }));
  const ways = boxes.flatMap(({ parents }, to) =>
    parents.map((from) => {
      const way = [from];
      for (let row = rowOf[from] + 1; row < rowOf[to]; row++) {
        rowOf.push(row);
        way.push(all.push({ width: threadWidth, height: 0, parents: [way[way.length - 1]] }) - 1);
      }
      all[to] = { ...all[to], parents: [...all[to].parents, way[way.length - 1]] };
      return [...way, to];
    }),
  );
  return { boxes: all, rowOf, ways };
}

/** Places boxes in rows, centred. A box is listed after those that it reads. */
export function layOut(given: readonly Box[]): Layout {
  const { boxes, rowOf, ways } = thread(given);
  const rows = orderRows(boxes, rowOf);
  const widthOf = (row: readonly number[]) =>
    row.reduce((sum, i) => sum + boxes[i].width, 0) + gapX * (row.length - 1);
  const width = Math.max(0, ...rows.map(widthOf));
  const places: Place[] = [];
  let y = 0;
  for (const row of rows) {
    let x = (width - widthOf(row)) / 2;
    const height = Math.max(...row.map((i) => boxes[i].height));
    for (const i of row) {
      places[i] = { x, y: y + (height - boxes[i].height) / 2 };
      x += boxes[i].width + gapX;
    }
    y += height + gapY;
  }
  const centre = (i: number): number => places[i].x + boxes[i].width / 2;
  const routes = ways.map((way): Route => {
    const [from, to] = [way[0], way[way.length - 1]];
    const begin = { x: centre(from), y: places[from].y + boxes[from].height };
    const between = way.slice(1, -1).map((i) => ({ x: centre(i), y: places[i].y }));
    return { from, to, points: [begin, ...between, { x: centre(to), y: places[to].y }] };
  });
  const height = Math.max(0, y - gapY);
  return { places: places.slice(0, given.length), routes, width, height };
}
