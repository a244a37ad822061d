export function patchReading() {}
