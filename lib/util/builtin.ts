// Modules of Node that few programs need: loaded when they are used, not when the package is.

/** @internal `node:zlib`. */
export const zlib = (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib');
