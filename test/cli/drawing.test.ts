import { describe, expect, it } from 'vitest';
import { drawPictures } from '../../lib/cli/drawing.js';

const pixels = [
  [1, 0],
  [1, 1],
  [0, 1],
  [0, 0],
];

describe('pictures in the terminal', () => {
  it('puts two rows of pixels into a line of text, and captions below', () => {
    const drawn = drawPictures(
      [
        { pixels, caption: '7' },
        { pixels, caption: '1' },
      ],
      {
        columns: 80,
        colours: false,
      },
    );
    expect(drawn).toBe('█▄  █▄\n ▀   ▀\n7   1\n');
  });

  it('starts a new row when the terminal is full', () => {
    const drawn = drawPictures(
      [
        { pixels, caption: '7 (99 %)' },
        { pixels, caption: '1' },
      ],
      {
        columns: 12,
        colours: false,
      },
    );
    expect(drawn.split('\n')).toEqual(['█▄', ' ▀', '7 (99 %)', '', '█▄', ' ▀', '1', '']);
  });

  it('uses grey levels where there are colours', () => {
    const drawn = drawPictures([{ pixels: [[1], [0.5]], caption: '' }], {
      columns: 80,
      colours: true,
    });
    expect(drawn).toContain('\x1b[38;5;255;48;5;244m▀\x1b[0m');
  });
});
