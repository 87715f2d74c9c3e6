// A training loop written by hand: the step is an ordinary function of tensors, traced once and then
// one call of the engine per batch. The learning rate changes between steps; nothing is compiled again.
import { compile, ops, setRandomSeed, valueAndGrad } from 'neurone';
import { digits } from 'neurone/data';
import { Dense } from 'neurone/layers';
import { Adam } from 'neurone/optimizers';

setRandomSeed(1);
const { train, test } = await digits();
const hidden = new Dense(64, { activation: 'relu' });
const output = new Dense(10);
const logits = (x) => {
  const pixels = ops.cast(x, 'float32').div(16).reshape([-1, 64]);
  return output.apply(hidden.apply(pixels));
};
logits(train.x.slice(0, 1)); // builds the layers
const variables = [...hidden.trainableVariables, ...output.trainableVariables];
const optimizer = new Adam(3e-3);

const step = compile((x, y) => {
  const { value, grads } = valueAndGrad(
    () => ops.mean(ops.sparseSoftmaxCrossEntropy(logits(x), y)),
    variables,
  );
  optimizer.apply(grads);
  return value;
});

const accuracy = compile((x, y) => {
  const right = ops.equal(ops.argmax(logits(x), -1), y);
  return ops.mean(ops.cast(right, 'float32'));
});

const batch = 50;
for (let epoch = 0; epoch < 60; epoch++) {
  if (epoch === 45) optimizer.learningRate = 5e-4;
  let loss;
  for (let i = 0; i + batch <= train.x.shape[0]; i += batch) {
    loss = step(train.x.slice(i, i + batch), train.y.slice(i, i + batch));
  }
  if (epoch % 15 === 14) console.log(`epoch ${epoch + 1}: loss ${(await loss.item()).toFixed(4)}`);
}
const reached = await accuracy(test.x, test.y).item();
console.log(`accuracy on ${test.x.shape[0]} digits it has not seen: ${reached.toFixed(3)}`);
if (reached < 0.9) throw new Error('the network has not learnt the digits');
