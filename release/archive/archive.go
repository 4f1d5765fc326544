// Package archive makes the archives that people download and unpack.
package archive

import (
	"bytes"
	"context"

	"make-audit-mcp/release/dist"
)

// Make writes an archive for each platform: a zip for Windows, else a tar.gz.
func Make(_ context.Context, r dist.Release) error {
	for _, platform := range dist.Platforms() {
		files, err := files(r, platform)
		if err != nil {
			return err
		}
		write := dist.TarGz
		if platform.OS == "windows" {
			write = dist.Zip
		}
		var packed bytes.Buffer
		if err := write(&packed, r.Time, files); err != nil {
			return err
		}
		if err := r.Write(Name(r, platform), packed.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// Folder returns the name of the folder that is in an archive.
func Folder(r dist.Release, platform dist.Platform) string {
	return dist.Name + "_" + r.Version + "_" + platform.String()
}

// Name returns the name of an archive.
func Name(r dist.Release, platform dist.Platform) string {
	if platform.OS == "windows" {
		return Folder(r, platform) + ".zip"
	}
	return Folder(r, platform) + ".tar.gz"
}

// URL returns where an archive can be downloaded once the release is published.
func URL(r dist.Release, platform dist.Platform) string {
	return "https://" + r.Address.Repository + "/releases/download/v" + r.Version + "/" + Name(r, platform)
}

// files returns what is in an archive.
func files(r dist.Release, platform dist.Platform) ([]dist.File, error) {
	binary, err := r.Binary(platform, platform.Executable())
	if err != nil {
		return nil, err
	}
	texts, err := r.Texts()
	if err != nil {
		return nil, err
	}
	files := append([]dist.File{binary}, texts...)
	files = append(files, dist.File{Path: "completions/" + dist.Name + ".ps1", Mode: 0o644, Content: r.Completions["powershell"]})
	if platform.OS != "windows" {
		files = append(files,
			dist.File{Path: "man/" + dist.Name + ".1", Mode: 0o644, Content: r.Manual},
			dist.File{Path: "completions/" + dist.Name + ".bash", Mode: 0o644, Content: r.Completions["bash"]},
			dist.File{Path: "completions/_" + dist.Name, Mode: 0o644, Content: r.Completions["zsh"]},
			dist.File{Path: "completions/" + dist.Name + ".fish", Mode: 0o644, Content: r.Completions["fish"]})
	}
	for i := range files {
		files[i].Path = Folder(r, platform) + "/" + files[i].Path
	}
	return files, nil
}
