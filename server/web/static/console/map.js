/**
 * A map for whoever wants one: a PMTiles file of the operator, chosen from this computer's own disk.
 *
 * Not from the server: which pieces of a map are asked for tells where she is, and the server must not learn that. So
 * nothing is fetched while looking; the sketch beside it needs no map, and stays when this one fails.
 */
import { html, nothing } from "lit";
import { t } from "../ui/texts.js";
import { View } from "../ui/view.js";
import { MAP_CHANGED, map as chosenMap } from "./map-choice.js";

/** @typedef {import("./geo.js").Place} Place */
/** @typedef {{place: Place & {label: string}}[]} Near */

/** Streets and doors; as near as a position from a button deserves. */
const ZOOM = 16;

/** Kinds of tile in the header of a PMTiles file (version 3) that are pictures. */
const PICTURES = [2, 3, 4, 5];

const WORKER = new URL(import.meta.resolve("maplibre-gl/worker"), location.href).href;

/**
 * The one address that may become a worker (Trusted Types). It is the page's default policy, because MapLibre works on
 * its address as text; for every other sink (HTML, script) there is none, so that they stay shut.
 */
/** @type {any} */ (globalThis).trustedTypes?.createPolicy("default", {
  createScriptURL: (/** @type {string} */ url) => {
    if (url !== WORKER) throw new TypeError("not our worker");
    return url;
  },
});

class PlaceMap extends View {
  /** @override */
  static properties = { at: { attribute: false }, near: { attribute: false }, been: { attribute: false }, trouble: { state: true }, credit: { state: true } };

  constructor() {
    super();
    /** @type {Place | null} */
    this.at = null;
    /** @type {Near} */
    this.near = [];
    /** @type {Place[]} where she was before, oldest first */
    this.been = [];
    /** Whether somebody moved the map: then a newer position must not take the view away. */
    this.held = false;
    /** The place that was put into the middle last, as text. */
    this.middle = "";
    this.trouble = false;
    this.credit = "";
    /** @type {import("maplibre-gl").Map | null} */
    this.map = null;
    /** @type {File | null} the file whose map is being made, or was */
    this.begun = null;
  }

  /** @override */
  render() {
    const chosen = chosenMap();
    return html`
      <div class="map" ?hidden=${!chosen || this.trouble}></div>
      ${chosen && !this.trouble ? html`
        <div class="map-keys">
          <button type="button" @click=${() => this.map?.zoomIn()}>${t("map-nearer")}</button>
          <button type="button" @click=${() => this.map?.zoomOut()}>${t("map-farther")}</button>
          <button type="button" @click=${() => this.#back()}>${t("map-back")}</button>
        </div>` : nothing}
      ${this.trouble ? html`<p class="problem">${t("map-failed")}</p>` : nothing}
      <p class="quiet small">${this.credit}</p>
      <getuige-map-choice></getuige-map-choice>`;
  }

  /** @override @param {Map<string, unknown>} changed */
  updated(changed) {
    const chosen = chosenMap();
    if (chosen && this.begun !== chosen) void this.#begin(chosen);
    else if (["at", "near", "been"].some((name) => changed.has(name))) this.#show();
  }

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    window.addEventListener(MAP_CHANGED, this.#chosen);
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener(MAP_CHANGED, this.#chosen);
    this.#end();
  }

  #end() {
    this.map?.remove();
    this.map = this.begun = null;
  }

  /** Begin anew with another map; that the same one is kept by now changes nothing. */
  #chosen = () => {
    if (chosenMap() === this.begun) return;
    this.#end();
    this.trouble = false;
    this.requestUpdate();
  };

  /** @param {File} file */
  async #begin(file) {
    this.begun = file;
    const box = /** @type {HTMLElement} */ (this.querySelector(".map"));
    try {
      const [{ Map, addProtocol, setWorkerUrl }, { FileSource, PMTiles, Protocol }] = await Promise.all([import("maplibre-gl"), import("pmtiles")]);
      const source = new PMTiles(new FileSource(file));
      const [header, metadata] = await Promise.all([source.getHeader(), source.getMetadata()]);
      if (this.begun !== file || !this.isConnected) return;
      const protocol = new Protocol();
      protocol.add(source);
      addProtocol("pmtiles", protocol.tile);
      setWorkerUrl(WORKER);
      this.credit = plain(/** @type {any} */ (metadata)?.attribution);
      this.map = new Map({
        container: box,
        style: style(`pmtiles://${source.source.getKey()}`, header, metadata),
        locale: { "Map.Title": t("map-label") },
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        touchPitch: false,
        fadeDuration: 0,
        maxZoom: 20,
      });
      this.map.touchZoomRotate.disableRotation();
      this.held = false;
      this.map.on("movestart", ({ originalEvent }) => { this.held ||= Boolean(originalEvent); });
      this.map.once("load", () => {
        this.#back();
        this.map?.on("idle", () => box.setAttribute("data-drawn", ""));
      });
      this.map.on("error", (problem) => box.setAttribute("data-problem", String(problem.error?.message)));
    } catch (error) {
      box.setAttribute("data-problem", String(error));
      this.trouble = true;
    }
  }

  /** Draw the marks; the newest comes into the middle, unless somebody looks elsewhere. */
  #show() {
    if (!this.map || !this.at || !this.map.isStyleLoaded()) return;
    const places = [...this.been.map((place) => ({ ...place, kind: "been" })), { ...this.at, kind: "here" },
      ...this.near.map(({ place }) => ({ ...place, kind: "place" }))];
    const marks = /** @type {import("maplibre-gl").GeoJSONSource} */ (this.map.getSource("marks"));
    void marks.setData({
      type: "FeatureCollection",
      features: [
        feature("trail", { type: "LineString", coordinates: [...this.been, this.at].map(point) }),
        ...places.map((place) => feature(place.kind, { type: "Point", coordinates: point(place) })),
      ],
    });
    // A jump ends the zooming that somebody just asked for: only for a place that is another one.
    if (this.held || this.middle === String(point(this.at))) return;
    this.middle = String(point(this.at));
    this.map.jumpTo({ center: point(this.at) });
  }

  /** Back to where she is, as near as at first. */
  #back() {
    this.held = false;
    this.middle = "";
    this.map?.jumpTo({ zoom: ZOOM });
    this.#show();
  }
}

/** @param {Place} place @returns {[number, number]} as GeoJSON wants it: longitude first (RFC 7946, section 3.1.1) */
const point = ({ lat, lon }) => [Number(lon), Number(lat)];

/** @param {string} kind @param {{type: "Point", coordinates: number[]} | {type: "LineString", coordinates: number[][]}} geometry */
const feature = (kind, geometry) => ({ type: /** @type {const} */ ("Feature"), properties: { kind }, geometry });

/** @param {unknown} text may hold links; only the words are shown */
const plain = (text) => (typeof text === "string" ? text.replaceAll(/<[^>]*>/g, "") : "");

/**
 * A plain style for pictures and for vector tiles of any schema: areas, lines, and our own marks on top.
 *
 * @param {string} url @param {import("pmtiles").Header} header @param {any} metadata
 * @returns {import("maplibre-gl").StyleSpecification}
 */
function style(url, header, metadata) {
  const picture = PICTURES.includes(header.tileType);
  /** @type {any[]} */
  const layers = [{ id: "ground", type: "background", paint: { "background-color": "#eceae4" } }];
  if (picture) layers.push({ id: "picture", type: "raster", source: "map" });
  const names = picture ? [] : (metadata?.vector_layers ?? []).map((/** @type {{id: string}} */ { id }) => id);
  for (const id of names) {
    const from = { source: "map", "source-layer": id };
    const color = /water|ocean/.test(id) ? "#a9c6de" : /build/.test(id) ? "#d3cdc0" : /park|green|landuse|landcover/.test(id) ? "#d5dfc8" : "#f4f2ed";
    layers.push({ id: `${id} areas`, type: "fill", ...from, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": color } });
    if (/road|transport|street|water|rail/.test(id)) {
      const width = ["interpolate", ["exponential", 1.6], ["zoom"], 10, 0.5, 16, 5, 19, 22];
      const line = /water/.test(id) ? "#a9c6de" : "#ffffff";
      layers.push({ id: `${id} lines`, type: "line", ...from, filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": line, "line-width": width } });
    }
  }
  const mark = (/** @type {string} */ kind, /** @type {string} */ color, /** @type {number} */ radius) => ({
    id: kind, type: "circle", source: "marks", filter: ["==", ["get", "kind"], kind],
    paint: { "circle-color": color, "circle-radius": radius, "circle-stroke-color": "#ffffff", "circle-stroke-width": 3 },
  });
  const trail = {
    id: "trail", type: "line", source: "marks", filter: ["==", ["get", "kind"], "trail"],
    paint: { "line-color": "#b3261e", "line-width": 2 },
  };
  layers.push(trail, mark("been", "#b3261e", 4), mark("place", "#1d4f8a", 7), mark("here", "#b3261e", 10));
  return {
    version: 8,
    sources: {
      map: picture ? { type: "raster", url, tileSize: 256 } : { type: "vector", url },
      marks: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
    },
    layers,
  };
}

customElements.define("getuige-map", PlaceMap);
