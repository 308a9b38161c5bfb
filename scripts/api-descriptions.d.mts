export const folder: string;
export const packages: Record<string, string[]>;
export function placeOf(name: string): string;
export function fetchDescriptions(): Promise<void>;
