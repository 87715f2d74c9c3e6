// A folder of images, one folder for each class, as batches for a network: circles and squares are drawn into
// files, and the network learns to tell them apart while the files are decoded. Needs sharp (npm install sharp).
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sequential, setRandomSeed } from 'neurone';
import { imageDatasetFromDirectory, imgToArray, loadImage, saveImage } from 'neurone/data';
import { Dense, Flatten, Rescaling } from 'neurone/layers';

setRandomSeed(3);
const [height, width] = [32, 40];
const shapes = {
  circles: (x, y, r) => Math.hypot(x, y) < r,
  squares: (x, y, r) => Math.max(Math.abs(x), Math.abs(y)) < r,
};

/** Light on dark, somewhere near the middle; `i` says where and how large. */
function draw(inside, i) {
  const [left, top, r] = [18 + (i % 5), 14 + (i % 4), 7 + (i % 3)];
  const data = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[y * width + x] = inside(x - left, y - top, r) ? 220 - i : 20 + ((x * y + i) % 30);
    }
  }
  return { data, width, height, channels: 1 };
}

const folder = await mkdtemp(join(tmpdir(), 'shapes-'));
for (const [name, inside] of Object.entries(shapes)) {
  await mkdir(join(folder, name));
  for (let i = 0; i < 100; i++) {
    await saveImage(join(folder, name, `${i}.jpg`), draw(inside, i), { quality: 90 });
  }
}

const [train, validation] = await imageDatasetFromDirectory(folder, {
  imageSize: [20, 25],
  colorMode: 'grayscale',
  batchSize: 16,
  validationSplit: 0.25,
  subset: 'both',
  seed: 1,
});
const model = new Sequential([
  new Rescaling(1 / 255),
  new Flatten(),
  new Dense(32, { activation: 'relu' }),
  new Dense(2, { activation: 'softmax' }),
]);
model.compile({
  optimizer: 'adam',
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
});
await model.fit(train, null, { epochs: 40, validationData: validation, verbose: 0 });
const { accuracy } = await model.evaluate(validation, null, { verbose: 0 });
console.log(`accuracy on ${validation.filePaths.length} images: ${accuracy.toFixed(3)}`);

const options = { targetSize: [20, 25], colorMode: 'grayscale', interpolation: 'bilinear' };
const image = imgToArray(await loadImage(join(folder, 'squares', '0.jpg'), options));
const [chances] = await (await model.predict(image.reshape([1, 20, 25, 1]))).toArray();
console.log(`a square is one of ${train.classNames[chances.indexOf(Math.max(...chances))]}`);
await rm(folder, { recursive: true });
if (accuracy < 0.9) throw new Error('the network has not learnt the shapes');
