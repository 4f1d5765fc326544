package mcpb

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// side is that of the icon, in pixels.
const side = 512

// icon draws lines of a log, one of them under a magnifying glass. Coordinates are whole numbers alone, since processors round others
// differently.
func icon() ([]byte, error) {
	colors := struct{ night, paper, found, glass, frame color.RGBA }{
		night: color.RGBA{0x1b, 0x1f, 0x3b, 0xff}, paper: color.RGBA{0xd8, 0xdc, 0xf0, 0xff}, found: color.RGBA{0xff, 0xb7, 0x2b, 0xff},
		glass: color.RGBA{0x2c, 0x33, 0x5e, 0xff}, frame: color.RGBA{0xff, 0xff, 0xff, 0xff},
	}
	// Shapes in the order in which they are painted.
	shapes := []struct {
		line
		color color.RGBA
	}{
		{line{96, 96, 96, 416, 96}, colors.night}, {line{416, 96, 416, 416, 96}, colors.night},
		{line{96, 96, 416, 96, 96}, colors.night}, {line{96, 256, 416, 256, 96}, colors.night}, {line{96, 416, 416, 416, 96}, colors.night},
		{line{112, 136, 400, 136, 18}, colors.paper}, {line{112, 216, 220, 216, 18}, colors.paper},
		{line{112, 296, 180, 296, 18}, colors.paper}, {line{112, 376, 200, 376, 18}, colors.paper},
		{line{372, 372, 432, 432, 26}, colors.frame}, {line{300, 296, 300, 296, 112}, colors.frame},
		{line{300, 296, 300, 296, 86}, colors.glass}, {line{250, 296, 350, 296, 18}, colors.found},
	}
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			picture.SetNRGBA(x, y, mix(func(atX, atY int) color.RGBA {
				var top color.RGBA
				for _, shape := range shapes {
					if shape.covers(x*finer+atX, y*finer+atY) {
						top = shape.color
					}
				}
				return top
			}))
		}
	}
	var drawn bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err := encoder.Encode(&drawn, picture)
	return drawn.Bytes(), err
}

// finer is into how many points a pixel is divided, along each side, for smooth edges.
const finer = 4

// mix returns the color of a pixel whose points have the colors that of says; a point without one is seen through.
func mix(of func(x, y int) color.RGBA) color.NRGBA {
	var red, green, blue, points int
	for y := range finer {
		for x := range finer {
			if point := of(x, y); point.A > 0 {
				red, green, blue, points = red+int(point.R), green+int(point.G), blue+int(point.B), points+1
			}
		}
	}
	if points == 0 {
		return color.NRGBA{}
	}
	mean := func(sum, of int) uint8 { return uint8(sum / of) } //nolint:gosec // that of bytes is one
	return color.NRGBA{R: mean(red, points), G: mean(green, points), B: mean(blue, points), A: mean(points*255, finer*finer)}
}

// line goes from one point to another, in pixels, with round ends; one that goes nowhere is a disk.
type line struct{ fromX, fromY, toX, toY, radius int }

// covers reports whether a point lies on l, in parts of a pixel.
func (l line) covers(x, y int) bool {
	x, y = x-l.fromX*finer, y-l.fromY*finer
	toX, toY, radius := (l.toX-l.fromX)*finer, (l.toY-l.fromY)*finer, l.radius*finer
	length, along := toX*toX+toY*toY, x*toX+y*toY
	switch {
	case along <= 0:
		return x*x+y*y <= radius*radius
	case along >= length:
		return (x-toX)*(x-toX)+(y-toY)*(y-toY) <= radius*radius
	default:
		beside := x*toY - y*toX
		return beside*beside <= radius*radius*length
	}
}
