// What a convolutional network sees: trains one on the digits that neurone ships, and writes pictures of
// its filters, its feature maps and its reasons to a folder (the first argument, or ./seeing).
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain, ops, Sequential, setRandomSeed } from 'neurone';
import { digits } from 'neurone/data';
import { Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D } from 'neurone/layers';

const folder = process.argv[2] ?? 'seeing';
setRandomSeed(1);
const { train, test } = await digits();
const images = ({ x }) => ops.reshape(x, [x.shape[0], 8, 8, 1]).div(16);
const [x, samples] = [images(train), images(test).slice(0, 4)];

const model = new Sequential([
  new Conv2D(16, 3, { activation: 'relu', padding: 'same', name: 'first' }),
  new Conv2D(32, 3, { activation: 'relu', padding: 'same', name: 'second' }),
  new MaxPooling2D(2),
  new Conv2D(64, 3, { activation: 'relu', padding: 'same', name: 'third' }),
  new GlobalAveragePooling2D(),
  new Dense(10, { activation: 'softmax' }),
]);
model.compile({
  optimizer: 'adam',
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
});
await model.fit(x, train.y, { epochs: 25, batchSize: 32, verbose: 0 });
const { accuracy } = await model.evaluate(images(test), test.y, { verbose: 0 });

mkdirSync(folder, { recursive: true });
const save = (name, content) => writeFileSync(join(folder, name), content);
const image = (batch, i) => ops.squeeze(batch.slice(i, i + 1), 0);

const kernels = await explain.imageGrid(explain.filters(model, 'first'));
save('filters.png', await explain.toPNG(kernels, { scale: 16 }));

const { first } = explain.featureMaps(model, samples, ['first']);
const maps = await explain.imageGrid(ops.transpose(image(first, 0), [2, 0, 1]));
save('features.png', await explain.toPNG(maps, { scale: 8 }));

// Maps of 8 × 8, before the pooling, show more than the last ones.
const cams = explain.gradCam(model, samples, { layer: 'second' });
const reasons = explain.integratedGradients(model, samples);
const read = await ops.argmax(await model.predict(samples), 1).data();
const panels = [];
for (let i = 0; i < samples.shape[0]; i++) {
  const digit = ops.squeeze(image(samples, i), -1);
  const signed = ops.squeeze(image(reasons, i), -1);
  panels.push(
    { image: digit, caption: `read as ${read[i]}` },
    { image: await explain.overlay(digit, image(cams, i)), caption: 'Grad-CAM' },
    {
      image: await explain.heatmap(signed, { colors: 'diverging' }),
      caption: 'integrated gradients',
    },
  );
}
save('reasons.svg', await explain.toSVG(panels, { scale: 12 }));
console.log(`accuracy ${accuracy.toFixed(3)}; pictures are in ${folder}/`);
