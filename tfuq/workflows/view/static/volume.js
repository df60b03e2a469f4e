// The viewer of volumes: NiiVue with a scan, a map of uncertainty and labels over it.

import { colourOf, rounded } from "./dom.js";

/* global niivue */

const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;
const LAYERS = ["scan", "map", "label"]; // from the lowest to the highest
const HARDLY = 0.005;
const OPTIONS = {
  backColor: [0, 0, 0, 1],
  crosshairColor: [0.48, 0.72, 1, 0.9],
  crosshairWidth: 0.25,
  crosshairWidthUnit: "percent",
  crosshairGap: 8,
  fontColor: [0.75, 0.8, 0.85, 1],
  isRadiologicalConvention: true,
  show3Dcrosshair: true,
  loadingText: "",
  dragAndDropEnabled: false,
  isOrientCube: false,
  multiplanarLayout: 2, // a grid
  logLevel: "error",
};

export class VolumeView {
  constructor(canvas, moved) {
    this.viewer = new niivue.Niivue(OPTIONS);
    this.shown = {};
    this.viewer.onLocationChange = (place) => moved(this.described(place));
    this.drawn = null;
    this.ready = this.viewer.attachToCanvas(canvas).then(() => this.describeDevice(), () => {
      throw new Error("This browser cannot draw volumes, as it has no WebGL 2. Use another one.");
    });
  }

  // Without a graphics processor, large volumes take seconds for each change.
  describeDevice() {
    const { gl } = this.viewer;
    // NiiVue makes gradients of every volume, for a lighting that is not used here. Without a
    // graphics processor, that takes longer than all else that is drawn.
    const nothing = drawsNothing(gl);
    Object.assign(this.viewer, { blurShader: nothing, sobelFirstOrderShader: nothing });
    const extension = gl.getExtension("WEBGL_debug_renderer_info");
    const name = extension ? gl.getParameter(extension.UNMASKED_RENDERER_WEBGL) : "";
    this.isSlow = SOFTWARE.test(name);
  }

  described(place) {
    const mm = [...place.mm].slice(0, 3).map((value) => value.toFixed(1)).join(", ");
    const values = place.values.map(({ name, value }) => `${name} ${rounded(value)}`).join(" · ");
    return this.isPicture ? values : `${mm} mm (right, front, top) · ${values}`;
  }

  clear() {
    this.shown = {};
    for (const volume of [...this.viewer.volumes].reverse()) this.viewer.removeVolume(volume);
  }

  // Put a volume in the place of a layer; null takes it away. What is put is drawn with the next frame.
  async put(layer, content, options = {}) {
    const { name = layer, colormap = "gray", opacity = 1, classes, isWhole, range } = options;
    const image = content && await niivue.NVImage.loadFromUrl({ url: content.body, name: `${name}.nii`, colormap, opacity });
    if (image) image.name = name;
    if (image && classes) image.setColormapLabel(labelColours(classes, image.global_max));
    if (image && isWhole) Object.assign(image, { cal_min: image.global_min, cal_max: image.global_max });
    if (image && range) Object.assign(image, range);
    this.shown[layer] = image;
    const wanted = LAYERS.map((each) => this.shown[each]).filter(Boolean);
    this.viewer.volumes = wanted;
    this.viewer.back = wanted[0] ?? null;
    this.viewer.overlays = wanted.slice(1);
    this.update();
    return image;
  }

  // NiiVue gives every volume to the graphics processor anew, so that changes wait for each other.
  update() {
    this.drawn ??= new Promise(requestAnimationFrame).then(() => {
      this.drawn = null;
      if (this.viewer.volumes.length) this.viewer.updateGLVolume();
    });
    return this.drawn;
  }

  setOpacity(layer, opacity) {
    if (!this.shown[layer]) return;
    this.shown[layer].opacity = opacity;
    this.update();
  }

  // Outlines have an opacity of their own; what they enclose has hardly any then.
  setLabels(opacity, isOutline) {
    this.viewer.opts.atlasOutline = isOutline ? opacity : 0;
    this.setOpacity("label", isOutline ? HARDLY * opacity : opacity);
  }

  setRange(layer, low, high) {
    const image = this.shown[layer];
    if (!image || !(low < high)) return;
    image.cal_min = low;
    image.cal_max = high;
    this.update();
  }

  setView(name) {
    const { viewer } = this;
    viewer.opts.multiplanarShowRender = name === "planes" ? 0 : 1; // never, always
    const types = { axial: 0, coronal: 1, sagittal: 2, render: 4 };
    viewer.setSliceType(types[name] ?? 3);
  }

  setPicture(isPicture) {
    this.isPicture = isPicture;
    this.viewer.opts.isOrientationTextVisible = !isPicture;
    this.viewer.opts.isCornerOrientationText = false;
  }

  get place() {
    const { viewer } = this;
    return [...viewer.frac2mm(viewer.scene.crosshairPos, 0, true)].slice(0, 3);
  }

  async goTo(mm) {
    const { viewer } = this;
    await this.drawn; // which tells the viewer where its volumes lie
    if (!viewer.volumes.length) return;
    const isOfScanner = true; // and not of the axes of the voxels, which may be tilted
    viewer.scene.crosshairPos = viewer.mm2frac(mm, 0, isOfScanner);
    viewer.createOnLocationChange();
    viewer.drawScene();
  }
}

const OUTSIDE = "void main() { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); }";
const BLACK = "precision mediump float; out vec4 colour; void main() { colour = vec4(0.0); }";

// A program in the place of one of NiiVue's, of which no pixel is drawn.
function drawsNothing(gl) {
  const program = gl.createProgram();
  for (const [kind, code] of [[gl.VERTEX_SHADER, OUTSIDE], [gl.FRAGMENT_SHADER, BLACK]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, `#version 300 es\n${code}`);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return { uniforms: {}, use: () => gl.useProgram(program) };
}

// Colours up to the largest class that there is, as NiiVue takes those above it for that one.
function labelColours(classes, largest) {
  const numbers = classes.map((_, number) => number).filter((number) => number <= Math.max(largest, 1));
  const channel = (index) => numbers.map((number) => (number ? colourOf(number - 1)[index] : 0));
  return { R: channel(0), G: channel(1), B: channel(2), A: numbers.map((number) => (number ? 255 : 0)), I: numbers, labels: numbers.map((number) => classes[number]) };
}
