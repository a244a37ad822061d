import { copyPlants } from './copy-plants.ts';
import { countingPlants } from './counting-plants.ts';
import { ledgerPlants } from './ledger-plants.ts';
import type { Plant } from './plant.ts';
import { readingPlants } from './reading-plants.ts';
import { relayPlants } from './relay-plants.ts';

export const plants: readonly Plant[] = [
  ...ledgerPlants,
  ...relayPlants,
  ...readingPlants,
  ...copyPlants,
  ...countingPlants,
];
