export { Autoencoder, type AutoencoderOptions } from './autoencoder.js';
export { LeNet5, type LeNet5Options } from './lenet.js';
export { MobileNetV2, type MobileNetV2Options } from './mobilenet-v2.js';
export type { ApplicationOptions } from './network.js';
export { preprocessInput } from './preprocess.js';
export { ResNet20, ResNet32, ResNet50, ResNet56, ResNet101, ResNet152 } from './resnet.js';
export { UNet, type UNetOptions } from './unet.js';
export { VGG16, VGG19 } from './vgg.js';
