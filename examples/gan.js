// Two models that share variables: a generator learns to make numbers that a discriminator cannot tell
// from a normal distribution around 3. Each has its own step; the generator's step runs through the
// discriminator's weights without changing them.
import { compile, ops, random, setRandomSeed, valueAndGrad } from 'neurone';
import { Dense } from 'neurone/layers';
import { binaryCrossentropy } from 'neurone/losses';
import { Adam } from 'neurone/optimizers';

setRandomSeed(7);
const chain = (layers) => (x) => layers.reduce((h, layer) => layer.apply(h), x);
const weights = (layers) => layers.flatMap((layer) => layer.trainableVariables);

const generatorLayers = [new Dense(16, { activation: 'relu' }), new Dense(1)];
const discriminatorLayers = [new Dense(16, { activation: 'relu' }), new Dense(1)];
const generator = chain(generatorLayers);
const discriminator = chain(discriminatorLayers);
const batch = 128;
const noise = () => random.normal([batch, 4]);
discriminator(generator(noise()));

const lossFor = (logits, label) =>
  ops.mean(binaryCrossentropy(ops.broadcastTo(label, logits.shape), logits, { fromLogits: true }));
const forDiscriminator = new Adam(2e-3, { beta1: 0.5 });
const forGenerator = new Adam(1e-3, { beta1: 0.5 });

const trainDiscriminator = compile(() => {
  const real = random.normal([batch, 1], { mean: 3, stddev: 0.5 });
  const fake = ops.stopGradient(generator(noise()));
  const { value, grads } = valueAndGrad(
    () => lossFor(discriminator(real), 1).add(lossFor(discriminator(fake), 0)),
    weights(discriminatorLayers),
  );
  forDiscriminator.apply(grads);
  return value;
});

const trainGenerator = compile(() => {
  const { value, grads } = valueAndGrad(
    () => lossFor(discriminator(generator(noise())), 1),
    weights(generatorLayers),
  );
  forGenerator.apply(grads);
  return value;
});

for (let step = 0; step < 2000; step++) {
  trainDiscriminator();
  trainGenerator();
}
const made = generator(random.normal([1000, 4]));
const mean = await ops.mean(made).item();
console.log(`mean of what the generator makes: ${mean.toFixed(2)} (the real numbers' is 3)`);
if (Math.abs(mean - 3) > 0.7) throw new Error('the generator has not learnt the distribution');
