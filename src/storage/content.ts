import type { CojsonInternalTypes } from 'cojson';

export type NewContent = CojsonInternalTypes.NewContentMessage;
