package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type fileDataSource struct {
	settings settings
}

var _ datasource.DataSourceWithConfigure = (*fileDataSource)(nil)

func newFileDataSource() datasource.DataSource {
	return &fileDataSource{}
}

func (d *fileDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_file"
}

func (d *fileDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A text file that something else manages.",
		Attributes: map[string]schema.Attribute{
			"path":           schema.StringAttribute{Required: true, Description: "Where the file is."},
			"id":             schema.StringAttribute{Computed: true, Description: "Where the file is, with the provider's prefix."},
			"content":        schema.StringAttribute{Computed: true, Description: "Its text."},
			"content_sha256": schema.StringAttribute{Computed: true, Description: "SHA-256 of the text, in hexadecimal."},
		},
	}
}

func (d *fileDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if configured, ok := req.ProviderData.(settings); ok {
		d.settings = configured
	}
}

func (d *fileDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data struct {
		Path          types.String `tfsdk:"path"`
		ID            types.String `tfsdk:"id"`
		Content       types.String `tfsdk:"content"`
		ContentSHA256 types.String `tfsdk:"content_sha256"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := readFile(d.settings.locate(data.Path.ValueString()))
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("path"), "The file cannot be read", err.Error())
		return
	}
	data.ID, data.Content, data.ContentSHA256 = found.id, found.content, found.sha256
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}
