package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const defaultMode = "0644"

// fileModel is one peer_file in configuration, plan and state.
type fileModel struct {
	ID            types.String  `tfsdk:"id"`
	Path          types.String  `tfsdk:"path"`
	Content       types.String  `tfsdk:"content"`
	ContentSHA256 types.String  `tfsdk:"content_sha256"`
	Mode          types.String  `tfsdk:"mode"`
	Token         types.String  `tfsdk:"token"`
	Note          types.String  `tfsdk:"note_wo"`
	NoteLength    types.Int64   `tfsdk:"note_length"`
	Weight        types.Number  `tfsdk:"weight"`
	Labels        types.Map     `tfsdk:"labels"`
	Tags          types.Set     `tfsdk:"tags"`
	Owner         types.Object  `tfsdk:"owner"`
	Marks         types.List    `tfsdk:"marks"`
	Extra         types.Dynamic `tfsdk:"extra"`
	Sections      types.List    `tfsdk:"section"`
}

func (r *fileResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := fileAttributes()
	for name, attribute := range annotationAttributes() {
		attributes[name] = attribute
	}
	resp.Schema = schema.Schema{
		Version:     1,
		Description: "A text file. Everything but path, content and mode is kept in state only.",
		Attributes:  attributes,
		Blocks: map[string]schema.Block{
			"section": schema.ListNestedBlock{
				Description: "A part of the file.",
				NestedObject: schema.NestedBlockObject{
					Attributes: map[string]schema.Attribute{
						"title": schema.StringAttribute{Required: true, Description: "Its heading."},
						"body":  schema.StringAttribute{Optional: true, Description: "Its text."},
					},
				},
			},
		},
	}
}

// fileAttributes are the attributes that describe the file on disk.
func fileAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:      true,
			Description:   "Where the file is, with the provider's prefix.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"path": schema.StringAttribute{
			Required:      true,
			Description:   "Where the file is written.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"content": schema.StringAttribute{
			Required:    true,
			Description: "The text of the file.",
		},
		"content_sha256": schema.StringAttribute{
			Computed:    true,
			Description: "SHA-256 of the text, in hexadecimal.",
		},
		"mode": schema.StringAttribute{
			Optional:    true,
			Computed:    true,
			Description: "Permissions, in octal.",
			Default:     stringdefault.StaticString(defaultMode),
		},
		"note_wo": schema.StringAttribute{
			Optional:    true,
			WriteOnly:   true,
			Description: "A text that reaches the provider and is never stored.",
		},
		"note_length": schema.Int64Attribute{
			Computed:    true,
			Description: "The length of note_wo in bytes when the file was last written.",
		},
	}
}

// annotationAttributes are kept in state only; together they are every shape a schema can have.
func annotationAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"token":  schema.StringAttribute{Optional: true, Sensitive: true, Description: "A secret."},
		"weight": schema.NumberAttribute{Optional: true, Description: "An exact number."},
		"labels": schema.MapAttribute{Optional: true, ElementType: types.StringType, Description: "Texts by name."},
		"tags":   schema.SetAttribute{Optional: true, ElementType: types.StringType, Description: "Texts in no order."},
		"extra":  schema.DynamicAttribute{Optional: true, Description: "A value of any type."},
		"owner": schema.SingleNestedAttribute{
			Optional:    true,
			Description: "Who answers for the file.",
			Attributes: map[string]schema.Attribute{
				"name": schema.StringAttribute{Required: true, Description: "A person."},
				"team": schema.StringAttribute{Optional: true, Description: "The person's team."},
			},
		},
		"marks": schema.ListNestedAttribute{
			Optional:    true,
			Description: "Remarks on lines of the file.",
			NestedObject: schema.NestedAttributeObject{
				Attributes: map[string]schema.Attribute{
					"text": schema.StringAttribute{Required: true, Description: "The remark."},
					"line": schema.Int64Attribute{
						Optional:    true,
						Computed:    true,
						Description: "The line it is about.",
						Default:     int64default.StaticInt64(1),
					},
				},
			},
		},
	}
}
