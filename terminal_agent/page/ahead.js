// Pictures of the question that opens first: fetched and decoded while the paper itself is
// still on its way, and then put into the question as they are.

const images = new Map(); // name -> HTMLImageElement

export function pictureAddress(name) {
  return `paper/assets/${name}`;
}

export function fetchAhead(names) {
  for (const name of names) {
    if (images.has(name)) continue;
    const image = new Image();
    image.src = pictureAddress(name);
    image.decode().catch(() => images.delete(name)); // it is asked for again with the question
    images.set(name, image);
  }
}

// The picture, once; null where it was not fetched ahead.
export function takeAhead(name) {
  const image = images.get(name) ?? null;
  images.delete(name);
  return image;
}

export function forgetAhead() {
  images.clear();
}
