export const bindToPlace = <T>(createBelow: () => T): T => createBelow();
