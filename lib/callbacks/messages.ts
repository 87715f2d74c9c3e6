// What callbacks say while a model trains: on standard error, as the progress is.

/** A line for who asked for it with `verbose`. */
export const say = (message: string): void => console.error(message);

/** Something that is probably not meant, but does not end training. */
export const warn = (message: string): void => process.emitWarning(message, 'NeuroneWarning');
